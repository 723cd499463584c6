import { arrival, openPair } from '../pair.mjs';

/** Sends `count` messages and gives how many a second arrived. */
async function publish({ hub, client }, sender, count) {
  const [from, to] = sender === 'hub' ? [hub, client] : [client, hub];
  await to.ask('expect', { count });
  const [{ began }, at] = await Promise.all([from.ask('publish', { count }), arrival(to)]);
  return (count / (at - began)) * 1000;
}

async function request({ client }, inFlight, verb, count) {
  const { began, at } = await client.ask('request', { count, inFlight, verb });
  return (count / (at - began)) * 1000;
}

/** Acknowledged messages: both that all were acknowledged and that all arrived. */
async function send(pair, inFlight, count) {
  await pair.hub.ask('expect', { count });
  const [rate] = await Promise.all([request(pair, inFlight, 'send', count), arrival(pair.hub)]);
  return rate;
}

/** Runs until the code is compiled and the rate is steady enough to say how many messages fill one measurement. */
async function warmUp(run, { quick, seconds }) {
  const enough = performance.now() + (quick ? 250 : 1500);
  let count = 200;
  let rate = await run(count);
  while (performance.now() < enough) {
    count = Math.min(Math.ceil(rate * seconds * 0.5), count * 8);
    rate = await run(count);
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
    const pair = await openPair(contestant, { size, handler }, options);
    const acknowledged = verb === 'send' && contestant.can.has('acknowledge');
    const run = (count) => {
      if (verb === 'request') return request(pair, inFlight, verb, count);
      return acknowledged ? send(pair, inFlight, count) : publish(pair, sender, count);
    };
    let count = 0;
    return {
      warmUp: async () => {
        count = await warmUp(run, options);
      },
      round: async () => ({ '1/s': await run(count) }),
      close: pair.close,
      kill: pair.kill,
    };
  };
