import { openPair } from '../pair.mjs';

const perSecond = 5000;

/** Latency of requests at a fixed rate, from the moment at which each should have been sent. */
export const openLoop = async (contestant, size, options) => {
  const pair = await openPair(contestant, { size, handler: 'sync' }, options);
  const run = async (seconds) => {
    const {
      p50,
      p99,
      'p99.9': p999,
    } = await pair.client.ask('paced', { count: perSecond * seconds, perSecond });
    return { 'p50, ms': p50, 'p99, ms': p99, 'p99.9, ms': p999 };
  };
  return {
    warmUp: () => run(options.quick ? 0.2 : 1),
    round: () => run(options.quick ? 0.4 : Math.max(2, options.seconds)),
    close: pair.close,
    kill: pair.kill,
  };
};
