import { BusError } from 'drumline';

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves with what `find` gives as soon as it is true-like; rejects after `ms` with the name of what was waited for. */
export async function eventually<T>(what: string, find: () => T, ms = 4_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = find();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(5);
  }
}

/** What a promise rejects with, or a function throws: a `BusError`. */
export async function failure(run: Promise<unknown> | (() => unknown)): Promise<BusError> {
  try {
    await (typeof run === 'function' ? run() : run);
  } catch (thrown) {
    if (BusError.is(thrown)) return thrown;
    throw new Error('is no BusError', { cause: thrown });
  }
  throw new Error('it did not fail');
}
