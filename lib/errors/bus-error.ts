import { codes, type ErrorCode } from './code.js';

const brand = Symbol.for('drumline.BusError');

/** What a `BusError` can carry besides its code and text. */
export interface BusErrorOptions {
  /** Whether the same call may succeed later; the default stands in the table of codes. */
  readonly retryable?: boolean;
  /** Facts for a program: ids, limits, `delivery`, `issues`, `cause`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * Every error that Drumline gives. The text says what happened, to whom and what to do; `code` is for programs.
 * Ask with `BusError.is`, not `instanceof`: two installed copies of the package may meet in one process.
 */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: BusErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? codes[code].retryable;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether a value is a `BusError`, of this copy of the package or another; with `code`, whether it is that one. */
  static is(value: unknown, code?: ErrorCode): value is BusError {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    return code === undefined || (value as unknown as BusError).code === code;
  }
}

/** A value that was thrown, as a text of one line. Never throws, whatever the value. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  } catch {
    return 'a value that cannot be printed';
  }
}
