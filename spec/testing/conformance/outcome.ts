import { BusError } from '../../../lib/errors/bus-error.js';
import type { ConformanceCase } from '../../../lib/testing/conformance/option.js';

/** What came of a case. */
export interface Verdict {
  readonly name: string;
  /** The text of what it rejected with; `undefined` if it passed. */
  readonly text: string | undefined;
  readonly ms: number;
}

/** Runs cases as a runner would, one after the other. */
export async function verdicts(cases: readonly ConformanceCase[]): Promise<Verdict[]> {
  const told: Verdict[] = [];
  for (const { name, run } of cases) {
    const since = performance.now();
    const text = await run().then(
      () => undefined,
      (thrown: unknown) => {
        if (!BusError.is(thrown, 'plugin')) throw thrown;
        return thrown.message;
      },
    );
    told.push({ name, text, ms: performance.now() - since });
  }
  return told;
}

export const failed = (told: readonly Verdict[]): Verdict[] => told.filter(({ text }) => text !== undefined);
