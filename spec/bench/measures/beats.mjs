import { percentiles } from '../gaps.mjs';
import { arrival, openPair } from '../pair.mjs';

const beatMs = 20;
const parts = { p50: 0.5, p99: 0.99, most: 1 };

/**
 * How late the worker's beats are at the hub, one every 20 ms, while a load lasts: by how much the time between two is
 * longer than the interval.
 * @param {{ load: 'idle' | 'publish' | 'send' | 'request', sender?: 'hub' | 'client', inFlight?: number,
 *   handler?: 'sync' | 'slow', pulse?: boolean }} load
 */
export const beats =
  ({ load, sender = 'client', inFlight = 128, handler = 'sync', pulse = false }) =>
  async (contestant, size, options) => {
    const pair = await openPair(contestant, { size, handler, beatMs, pulse }, options);
    const [from, to] = sender === 'hub' ? [pair.hub, pair.client] : [pair.client, pair.hub];
    const counted = load === 'publish' || load === 'send';
    const kind = load === 'send' && !contestant.can.has('acknowledge') ? 'publish' : load;

    const apply = async (ms) => {
      const { sent } = await from.ask('load', { kind, ms, inFlight });
      if (load !== 'idle' && sent === 0) throw new Error('the load sent nothing');
      const { lateMs } = await pair.hub.ask('heard');
      if (counted) await to.ask('total', { count: sent });
      return lateMs;
    };
    const run = async (ms) => {
      if (counted) await to.ask('expect', { count: Number.MAX_SAFE_INTEGER });
      await pair.hub.ask('listen');
      const [lateMs] = await Promise.all([apply(ms), counted ? arrival(to) : undefined]);
      return lateMs;
    };
    return {
      warmUp: () => run(options.quick ? 200 : 1000),
      async round() {
        const ms = options.quick ? 500 : Math.max(2000, options.seconds * 1000);
        let lateMs = [];
        // How many there should be is not said: a beat that is late by more than an interval stands for those before it.
        for (let tries = 0; tries < 3 && lateMs.length === 0; tries++) lateMs = await run(ms);
        if (lateMs.length === 0) throw new Error('no beat was heard');
        const { p50, p99, most } = percentiles(lateMs, parts);
        return { 'late p50, ms': p50, 'late p99, ms': p99, 'late at most, ms': most };
      },
      close: pair.close,
      kill: pair.kill,
    };
  };
