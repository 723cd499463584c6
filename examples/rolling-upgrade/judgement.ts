import type { Tally } from './calls.js';
import { type Ends, processes } from './director.js';
import { ids, versions } from './setting.js';
import { Promises } from './story.js';

/** What was seen on the way. */
export interface Seen {
  readonly back: number;
  readonly backMs: number;
  readonly backWithinMs: number;
  readonly steps: number;
  readonly refused: string;
  readonly inAtLast: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const answeredOf = (tallies: readonly Tally[]): number => sum(tallies.map(({ answered }) => answered));
const failedOf = (tallies: readonly Tally[]): number =>
  sum(tallies.map(({ retryable, wrong }) => sum(Object.values(retryable)) + wrong.length));

/** Prints each promise with its figures; gives whether all were kept. */
export function judged({ hubs, workers, codes }: Ends, seen: Seen): boolean {
  const promises = new Promises();
  const all = ids.length;
  promises.note(
    'The workers come back to the new hub by themselves',
    seen.back === all && seen.backMs <= seen.backWithinMs,
    `${seen.back} of ${all} within ${seen.backMs} ms`,
  );
  promises.note('The census shows every step', seen.steps === all, `${seen.steps} of ${all} steps`);
  promises.note(
    'Every call of a hub succeeds, also while workers are replaced',
    failedOf(hubs) === 0 && hubs.every(({ answered }) => answered > 0),
    `${answeredOf(hubs)} did, ${failedOf(hubs)} failed`,
  );
  const accepted = hubs.flatMap((hub) => hub.accepted);
  const handled = workers.flatMap((worker) => worker.handled);
  promises.note(
    'Every job that was accepted is handled, once',
    accepted.length > 0 &&
      handled.length === accepted.length &&
      new Set([...accepted, ...handled]).size === accepted.length,
    `${accepted.length} accepted, ${handled.length} handled`,
  );
  const wrong = workers.flatMap((worker) => worker.wrong);
  const codesOf = [...new Set(workers.flatMap(({ retryable }) => Object.keys(retryable)))];
  promises.note(
    'What a worker asks while its hub is away fails with leave to ask again, and nothing else does',
    wrong.length === 0 && answeredOf(workers) > 0,
    wrong[0] ??
      `${answeredOf(workers)} answered, ${failedOf(workers)} to be asked again (${codesOf.join(', ')})`,
  );
  promises.note(
    'A worker that is too old is refused, and told both versions',
    seen.refused.includes(versions.forgotten) && seen.refused.includes(versions.new) && seen.inAtLast === all,
    `${seen.inAtLast} of ${all + 1} are in`,
  );
  const clean = codes.filter((code) => code === 0).length;
  promises.note(
    'Every process ends by itself',
    clean === processes && codes.length === processes,
    `${clean} of ${processes} with code 0`,
  );
  return promises.allKept;
}
