// One thread of the simulation: runs its part of the seeds, and tells what it saw.
import { parentPort, workerData } from 'node:worker_threads';
import { add } from './audit.js';
import { type Outcome, scenario } from './scenario.js';

/** Which seeds a thread runs. */
export interface Shift {
  readonly last: number;
  /** So many seeds, one of each kind of world, go to one thread; the next ones to the next. */
  readonly kinds: number;
  readonly turn: number;
  readonly turns: number;
}

/** What a thread saw. */
export interface Report {
  readonly seeds: number;
  /** Those in which something was wrong; it stops after a few. */
  readonly failed: readonly Outcome[];
  /** How often each thing happened. */
  readonly counts: Readonly<Record<string, number>>;
}

const enough = 3;

async function run({ last, kinds, turn, turns }: Shift): Promise<Report> {
  const failed: Outcome[] = [];
  const counts: Record<string, number> = {};
  const rejected: unknown[] = [];
  process.on('unhandledRejection', (reason) => rejected.push(reason));
  let seeds = 0;
  for (let seed = 1; seed <= last && failed.length < enough; seed++) {
    if (Math.floor(seed / kinds) % turns !== turn) continue;
    const outcome = await scenario(seed);
    const unhandled = rejected.splice(0).map((reason) => `a rejection was left unhandled: ${reason}`);
    const violations = [...outcome.violations, ...unhandled];
    if (violations.length > 0) failed.push({ ...outcome, violations });
    add(counts, 'calls', outcome.summary);
    add(counts, 'in all', outcome.counts);
    seeds += 1;
  }
  return { seeds, failed, counts };
}

parentPort?.postMessage(await run(workerData as Shift));
