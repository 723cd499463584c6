// Owners in short, and what an action throws.
import { BusError } from '../../lib/errors/bus-error.js';
import type { Injection, Owner } from '../../lib/services/injection.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';

export const plugin = (name: string, rest: Partial<Owner> = {}): Owner => ({
  name,
  providers: [],
  requires: [],
  controllers: [],
  ...rest,
});

export const application = (rest: Partial<Owner> = {}): Owner => ({
  ...plugin('', rest),
  name: undefined,
});

/** On a clock that stands still: nothing is late unless a spec moves its own. */
export const injectionOf = (...owners: Owner[]): Injection =>
  tsyringeInjection(owners, { clock: virtualClock(), deadlineMs: 10_000 });

/** What an action throws, which must be a `BusError`. */
export function thrown(action: () => unknown): BusError {
  try {
    action();
  } catch (error) {
    if (BusError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** What a promise rejects with, which must be a `BusError`. */
export async function rejected(promise: Promise<unknown>): Promise<BusError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was rejected'),
    (reason: unknown) => reason,
  );
  if (BusError.is(error)) return error;
  throw error;
}
