import type { BusError, ErrorCode } from 'drumline/plugin';

/** What was thrown, as data: neither the class of an error nor the brand of a `BusError` would survive the way. */
export interface Failure {
  readonly text: string;
  readonly name?: string;
  readonly stack?: string;
  /** Of a `BusError`. */
  readonly bus?: {
    readonly code: ErrorCode;
    readonly retryable: boolean;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

/** Whatever was thrown, as data; never throws. */
export function failureOf(thrown: unknown, isBusError: (thrown: unknown) => boolean = () => false): Failure {
  try {
    const isOurs = isBusError(thrown);
    if (!(thrown instanceof Error) && !isOurs) return { text: String(thrown) };
    const { message, name, stack } = thrown as Error;
    const shown = { text: String(message || name), name: String(name), stack: String(stack) };
    if (!isOurs) return shown;
    const { code, retryable, details } = thrown as BusError;
    return { ...shown, bus: { code, retryable: retryable === true, details: cloned(details) } };
  } catch {
    return { text: 'a value that cannot be printed' };
  }
}

/** The error again, with the stack that it had. */
export function errorOf({ text, name, stack, bus }: Failure, Bus: typeof BusError): Error {
  const error = bus === undefined ? new Error(text) : new Bus(bus.code, text, bus);
  const shown = { name: bus === undefined ? name : undefined, stack };
  for (const [key, value] of Object.entries(shown))
    if (value !== undefined) Object.defineProperty(error, key, { value, configurable: true, writable: true });
  return error;
}

function cloned(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return structuredClone(details);
  } catch {
    return { omitted: 'the details cannot be cloned' };
  }
}
