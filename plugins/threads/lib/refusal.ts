import type { BusError } from 'drumline/plugin';
import { type Failure, failureOf } from './failure.js';

/** Thrown in a thread for a failure that is data already: the SDK's error class need not be loaded for it. */
export class Refusal extends Error {
  constructor(
    readonly code: BusError['code'],
    text: string,
    readonly retryable = false,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(text);
  }
}

/** The SDK, when it is first needed: loading it takes longer than all the rest of a thread's start. */
export const busError = async (): Promise<typeof BusError> => (await import('drumline/plugin')).BusError;

/** What was thrown in this thread, as data; never rejects. */
export async function failureHere(thrown: unknown): Promise<Failure> {
  if (thrown instanceof Refusal) {
    const { code, message, stack, retryable, details } = thrown;
    return { text: message, name: 'BusError', stack: String(stack), bus: { code, retryable, details } };
  }
  if (!mayBeBusError(thrown)) return failureOf(thrown);
  const { is } = await busError();
  return failureOf(thrown, (value) => is(value));
}

function mayBeBusError(thrown: unknown): boolean {
  try {
    const { code, retryable } = (thrown ?? {}) as Partial<BusError>;
    return typeof code === 'string' && typeof retryable === 'boolean';
  } catch {
    return false;
  }
}
