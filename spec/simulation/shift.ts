// One thread of the simulation: runs every so many-th seed, and tells what it saw.
import { parentPort, workerData } from 'node:worker_threads';
import { add } from './audit.js';
import { type Outcome, scenario } from './scenario.js';

/** Which seeds a thread runs. */
export interface Shift {
  readonly first: number;
  readonly last: number;
  readonly step: number;
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

async function run({ first, last, step }: Shift): Promise<Report> {
  const failed: Outcome[] = [];
  const counts: Record<string, number> = {};
  const rejected: unknown[] = [];
  process.on('unhandledRejection', (reason) => rejected.push(reason));
  let seeds = 0;
  for (let seed = first; seed <= last && failed.length < enough; seed += step) {
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
