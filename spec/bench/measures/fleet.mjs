import { setTimeout as sleep } from 'node:timers/promises';
import { openFleet } from '../fleet.mjs';
import { percentiles } from '../gaps.mjs';
import { roundOf } from '../profile/observed.mjs';

/** A case whose rounds each begin with nothing: gives what `measure` says of a fleet that was opened for it. */
const anew = (how, measure) => async (contestant, size, options) => {
  let fleet;
  return {
    warmUp: async () => {},
    async round() {
      fleet = await openFleet(contestant, { ...how, size: size ?? 32 }, options);
      try {
        return await measure(fleet, options);
      } finally {
        await fleet.close();
      }
    },
    close: async () => {},
    kill: () => fleet?.kill(),
  };
};

/** A case of one fleet that is kept for all its rounds. */
const kept = (how, warmUp, measure) => async (contestant, size, options) => {
  const fleet = await openFleet(contestant, { ...how, size }, options);
  let count = 0;
  return {
    warmUp: async () => {
      count = await warmUp((count) => measure(fleet, size, count), options);
    },
    round: () => roundOf(options, fleet, () => measure(fleet, size, count)),
    close: fleet.close,
    kill: fleet.kill,
  };
};

/** What workers that do nothing take from their hub. */
export const idle = (workers, pulse) =>
  anew({ workers, pulse }, async (fleet, options) => {
    const ms = options.quick ? 2000 : 8000;
    await sleep(ms / 4);
    const measured = await roundOf(options, fleet, async () => {
      const { began, at, percent, lateMs, joined } = await fleet.hub.ask('idle', { ms });
      if (joined !== workers) throw new Error(`${joined} of ${workers} workers are there at the end`);
      const count = (workers * ms) / 1000;
      // A busy machine makes some late; far fewer were lost.
      if (lateMs.length < 0.2 * count)
        throw new Error(`${lateMs.length} beats of ${workers} workers were heard in ${ms} ms`);
      const { p50, p99 } = percentiles(lateMs, { p50: 0.5, p99: 0.99 });
      const late = { 'beats late p50, ms': p50, 'beats late p99, ms': p99 };
      return { began, at, count, 'hub, % of a core': percent, ...late };
    });
    if (options.profile) return measured;
    const { rss } = await fleet.hub.ask('memory');
    return { 'hub, KB a worker': (rss - fleet.rss) / 1024 / workers, ...measured };
  });

/** All dial in the same moment. */
export const joinAtOnce = (workers) =>
  anew({ workers, atOnce: workers }, async (fleet) => ({
    'all joined, ms': fleet.joined - fleet.began,
    "hub's longest silence, ms": fleet.stallMs,
  }));

/** The hub's process is killed, and another one begins at its address. */
export const restart = (workers) =>
  anew({ workers }, async (fleet) => {
    const listening = await fleet.restart();
    const { at, stallMs } = await fleet.hub.ask('joined', { count: workers });
    return { 'all back, ms': at - listening, "hub's longest silence, ms": stallMs };
  });

const most = (quick) => (quick ? 200 : 2000);

/** One message to all workers, so many in each turn of the hub; deliveries a second. */
export const broadcast = (workers, perTurn) =>
  kept(
    { workers },
    async (run, { quick, seconds }) => {
      const { 'deliveries/s': rate } = await run(128);
      const round = Math.ceil((rate * seconds) / workers / 8) * 8;
      return Math.min(most(quick), Math.max(96, round));
    },
    async ({ hub, workers: children }, size, count) => {
      await Promise.all(children.map((child) => child.ask('expect', { each: count })));
      const [{ began }, ...ends] = await Promise.all([
        hub.ask('broadcast', { size, count, perTurn }),
        ...children.map(arrivalOf),
      ]);
      const at = Math.max(...ends);
      const deliveries = count * workers;
      return { began, at, count: deliveries, 'deliveries/s': (deliveries * 1000) / (at - began) };
    },
  );

async function arrivalOf(child) {
  const { at, problem } = await child.report('received');
  if (problem) throw new Error(problem);
  return at;
}

/** Requests to whoever is free, with 128 in flight: each is handled once, and each worker has some. */
export const workQueue = (workers) =>
  kept(
    { workers },
    async (run, { quick, seconds }) => {
      let count = 500;
      let rate = 0;
      const until = performance.now() + (quick ? 200 : 1500);
      do {
        rate = (await run(count))['1/s'];
        count = Math.ceil(Math.max(500, rate * seconds));
      } while (performance.now() < until);
      return count;
    },
    async ({ hub, workers: children }, size, count) => {
      await Promise.all(children.map((child) => child.ask('tally')));
      const { began, at } = await hub.ask('work', { size, count, inFlight: 128 });
      const tallies = await Promise.all(children.map((child) => child.ask('tallied')));
      const add = (key) => tallies.reduce((sum, tally) => sum + tally[key], 0);
      const problem = tallies.find((tally) => tally.problem)?.problem;
      if (problem) throw new Error(problem);
      if (add('total') !== count || add('sum') !== sumOfNumbers(count))
        throw new Error(`${add('total')} messages were handled, of ${count}, or not each of them once`);
      if (add('busy') !== workers)
        throw new Error(`${add('busy')} of ${workers} workers had something to do`);
      return { began, at, count, '1/s': (count * 1000) / (at - began) };
    },
  );

/** Of the numbers that payloads carry: those from 0 to 4,095, again and again. */
function sumOfNumbers(/** @type {number} */ count) {
  const ring = 4096;
  const rest = count % ring;
  return (Math.floor(count / ring) * ring * (ring - 1)) / 2 + (rest * (rest - 1)) / 2;
}
