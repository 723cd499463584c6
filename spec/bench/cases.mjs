import { beats } from './measures/beats.mjs';
import { broadcast, idle, joinAtOnce, restart, workQueue } from './measures/fleet.mjs';
import { openLoop } from './measures/open-loop.mjs';
import { startUp } from './measures/start-up.mjs';
import { throughput } from './measures/throughput.mjs';

/**
 * @typedef {object} Running one contestant at one case
 * @property {() => Promise<unknown>} warmUp
 * @property {() => Promise<Record<string, number>>} round what was measured, by name and unit
 * @property {() => Promise<unknown>} close
 * @property {() => void} kill at once, when something failed
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {number[] | undefined} sizes of its payloads; none for those where there is nothing to choose
 * @property {string[]} needs what a contestant must be able to do
 * @property {Record<number, string[]>=} needsAt the same for a size
 * @property {boolean} flagged whether it is run with each list of Node.js flags, or with the first alone
 * @property {string=} profiled what `--profile` tells the time of; without, it does not have it
 * @property {number=} mostRounds where more would take long and say little
 * @property {number=} files how many connections its hub has, where they are many
 * @property {(contestant: import('./contestants.mjs').Contestant, size: number, options: object) => Promise<Running>} open
 */

export const sizes = [32, 256, 1024, 16_384];

const flow = (name, open, needs = [], only = sizes) => ({ name, open, needs, sizes: only, flagged: true });
const rate = (name, load, needs = []) => ({ ...flow(name, throughput(load), needs), profiled: 'message' });
const oneWay = (name, load, needs) => rate(name, { verb: 'publish', ...load }, needs);
const requests = (inFlight) => rate(`request, ${inFlight} in flight`, { verb: 'request', inFlight });
const beating = (under, load, needs = [], size = 256) => ({
  name: `beats, ${under}`,
  open: beats(load),
  needs: ['beat', ...needs],
  sizes: [size],
  flagged: false,
});
const fleet = (name, open, needs) => ({ name, open, needs, sizes: undefined, flagged: false });

const large = 4 * 1024 * 1024;
const toWorkers = ['publish to workers'];
/** Each round opens the fleet anew, which takes minutes with ten thousand, and what idle workers need differs little. */
const roundsOf = (/** @type {number} */ workers) => (workers >= 10_000 ? 1 : workers >= 5000 ? 2 : 3);
const number = (/** @type {number} */ n) => n.toLocaleString('en-US');

const toAll = (how, count, perTurn) => ({
  ...flow(`broadcast to ${number(count)}, ${how}`, broadcast(count, perTurn), ['broadcast'], [1024]),
  profiled: 'delivery',
});

/** All cases; for a quick run with few workers. */
export function casesFor(/** @type {boolean} */ quick) {
  const many = quick ? 50 : 1000;
  const idleCounts = quick ? [25] : [100, 1000, 5000, 10_000];
  return /** @type {Case[]} */ ([
    oneWay('one-way worker to hub', {}, []),
    oneWay('one-way hub to worker', { sender: 'hub' }, toWorkers),
    oneWay('one-way worker to hub, promises', { handler: 'promise' }, []),
    oneWay('one-way hub to worker, promises', { sender: 'hub', handler: 'promise' }, toWorkers),
    rate('send, 1,024 in flight', { verb: 'send', inFlight: 1024 }),
    requests(1),
    requests(128),
    {
      ...flow('request, 5,000/s', openLoop, [], [256, 16_384]),
      needsAt: { 16384: ['80 MB/s'] },
      profiled: 'request',
    },
    beating('idle bus', { load: 'idle' }),
    beating('one-way worker to hub', { load: 'publish' }),
    beating('one-way hub to worker', { load: 'publish', sender: 'hub' }),
    beating('send', { load: 'send', inFlight: 1024 }),
    beating('request', { load: 'request' }),
    beating('slow handlers', { load: 'publish', handler: 'slow' }, ['waiting']),
    beating('payloads of 4 MiB', { load: 'send', inFlight: 4 }, ['large'], large),
    beating('idle bus, pulse', { load: 'idle', pulse: true }, ['pulse']),
    beating('one-way worker to hub, pulse', { load: 'publish', pulse: true }, ['pulse']),
    beating(
      'payloads of 4 MiB, pulse',
      { load: 'send', inFlight: 4, pulse: true },
      ['large', 'pulse'],
      large,
    ),
    toAll('one a turn', many, 1),
    toAll('eight a turn', many, 8),
    { ...flow('work queue, 8 workers', workQueue(8), ['work'], [256]), profiled: 'message' },
    ...idleCounts.flatMap((count) => [
      {
        ...fleet(`idle, ${number(count)} workers`, idle(count, false), ['idle']),
        mostRounds: roundsOf(count),
        profiled: 'worker and second',
      },
      {
        ...fleet(`idle, ${number(count)} workers with a pulse`, idle(count, true), ['pulse']),
        profiled: 'worker and second',
        files: 2 * count,
        mostRounds: roundsOf(count),
      },
    ]),
    fleet(`${number(many)} workers join at once`, joinAtOnce(many), ['idle']),
    fleet(`hub restart with ${number(many)} workers`, restart(many), ['reconnect']),
    fleet('start-up', startUp(false), ['idle']),
    fleet('start-up with a pulse', startUp(true), ['pulse']),
  ]);
}
