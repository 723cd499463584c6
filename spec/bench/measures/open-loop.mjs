import { openPair, sidesOf } from '../pair.mjs';
import { roundOf } from '../profile/observed.mjs';

const perSecond = 5000;

/** Latency of requests at a fixed rate, from the moment at which each should have been sent. */
export const openLoop = async (contestant, size, options) => {
  const pair = await openPair(contestant, { size, handler: 'sync' }, options);
  const paced = (seconds) => pair.client.ask('paced', { count: perSecond * seconds, perSecond });
  const seconds = options.quick ? 0.4 : Math.max(2, options.seconds);
  const measure = async () => {
    const { began, at, p50, p99, 'p99.9': p999 } = await paced(seconds);
    return { began, at, count: perSecond * seconds, 'p50, ms': p50, 'p99, ms': p99, 'p99.9, ms': p999 };
  };
  return {
    warmUp: () => paced(options.quick ? 0.2 : 1),
    round: () => roundOf(options, sidesOf(pair), measure),
    close: pair.close,
    kill: pair.kill,
  };
};
