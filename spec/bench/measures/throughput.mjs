import { arrival, openPair, sidesOf } from '../pair.mjs';
import { roundOf } from '../profile/observed.mjs';

/** Sends `count` messages; when the first was sent and the last arrived. */
async function publish({ hub, client }, sender, count) {
  const [from, to] = sender === 'hub' ? [hub, client] : [client, hub];
  await to.ask('expect', { count });
  const [{ began }, at] = await Promise.all([from.ask('publish', { count }), arrival(to)]);
  return { began, at };
}

const request = ({ client }, inFlight, verb, count) => client.ask('request', { count, inFlight, verb });

/** Acknowledged messages: both that all were acknowledged and that all arrived. */
async function send(pair, inFlight, count) {
  await pair.hub.ask('expect', { count });
  const [span] = await Promise.all([request(pair, inFlight, 'send', count), arrival(pair.hub)]);
  return span;
}

const rateOf = ({ began, at }, count) => (count / (at - began)) * 1000;

/** Runs until the code is compiled and the rate is steady enough to say how many messages fill one measurement. */
async function warmUp(run, { quick, seconds }) {
  const enough = performance.now() + (quick ? 250 : 1500);
  let count = 200;
  let rate = rateOf(await run(count), count);
  while (performance.now() < enough) {
    count = Math.min(Math.ceil(rate * seconds * 0.5), count * 8);
    rate = rateOf(await run(count), count);
  }
  return Math.max(200, Math.ceil(rate * seconds));
}

/**
 * Messages or requests a second, as many as go.
 * @param {{ verb: 'publish' | 'send' | 'request', sender?: 'hub' | 'client', inFlight?: number, handler?: 'sync' | 'promise' }} load
 */
export const throughput =
  ({ verb, sender = 'client', inFlight = 1, handler = 'sync' }) =>
  async (contestant, size, options) => {
    const pair = await openPair(contestant, { size, handler, ...options.setting }, options);
    const acknowledged = verb === 'send' && contestant.can.has('acknowledge');
    const run = (count) => {
      if (verb === 'request') return request(pair, inFlight, verb, count);
      return acknowledged ? send(pair, inFlight, count) : publish(pair, sender, count);
    };
    let count = 0;
    const measure = async () => {
      const { began, at } = await run(count);
      return { began, at, count, '1/s': rateOf({ began, at }, count) };
    };
    return {
      warmUp: async () => {
        count = await warmUp(run, options);
      },
      round: () => roundOf(options, sidesOf(pair), measure),
      close: pair.close,
      kill: pair.kill,
    };
  };
