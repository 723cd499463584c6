import { BusError } from '../../lib/errors/bus-error.js';

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves with what `find` gives as soon as it is true-like; rejects after `ms` with the name of what was waited for. */
export async function eventually<T>(what: string, find: () => T, ms = 8_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = find();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(5);
  }
}

/** What a promise rejects with; a promise that resolves, or that is not settled in time, fails the spec. */
export function failure(promise: Promise<unknown>, ms = 8_000): Promise<BusError> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`was not settled within ${ms} ms`)), ms);
    promise
      .then(
        (value) => reject(new Error(`resolved with ${JSON.stringify(value)?.slice(0, 200)}`)),
        (thrown) =>
          BusError.is(thrown) ? resolve(thrown) : reject(new Error('is no BusError', { cause: thrown })),
      )
      .finally(() => clearTimeout(timer));
  });
}
