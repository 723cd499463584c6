import { isProxy } from 'node:util/types';
import { BusError, textOf } from '../errors/bus-error.js';
import { isErrorCode } from '../errors/code.js';
import type { Fault } from '../frame/frame.js';
import { parseJson } from './payload.js';

const maxMessageBytes = 2048;
const maxStackBytes = 8192;
const maxDetailsBytes = 8192;

/** Whatever was thrown, as a `BusError`: itself, or `handler-failed` with it as the cause. Never throws. */
export function busErrorOf(thrown: unknown): BusError {
  if (isBusError(thrown)) return thrown;
  return new BusError('handler-failed', messageOf(thrown), { cause: thrown });
}

/**
 * Whatever was thrown, as it travels; never throws. A `BusError` keeps code, text, `retryable` and details; anything
 * else is `handler-failed` with its text. Texts are cut at 2 KiB, details over 8 KiB are left out and say so.
 */
export function faultOf(thrown: unknown, exposeStacks = false): Fault {
  const stack = exposeStacks ? { stack: stackOf(thrown) } : undefined;
  try {
    if (isBusError(thrown) && isErrorCode(thrown.code)) {
      const { code, retryable, details } = thrown;
      const message = messageOf(thrown);
      return { code, message, retryable: retryable === true, details: detailsOf(details), ...stack };
    }
  } catch {
    // A proxy or getter that throws: not one of ours, whatever it says.
  }
  return { code: 'handler-failed', message: messageOf(thrown), retryable: false, details: '', ...stack };
}

/**
 * A fault of the peer as an error of this side; never throws. A code that is not known here becomes `handler-failed`
 * with `details.code`; a stack, if the peer gave one, is `details.stack`.
 */
export function errorOf(fault: Fault): BusError {
  const known = isErrorCode(fault.code);
  return new BusError(known ? fault.code : 'handler-failed', fault.message, {
    retryable: fault.retryable,
    details: {
      ...readDetails(fault.details),
      ...(known ? undefined : { code: fault.code }),
      ...(fault.stack ? { stack: fault.stack } : undefined),
    },
  });
}

/** The error of a fault outcome; `protocol` for one that does not say which. Never throws. */
export const faultOutcome = (fault: Fault | undefined, type: string): BusError =>
  fault
    ? errorOf(fault)
    : new BusError('protocol', `the peer reports a fault for '${type}' and does not say which`);

/** A text of at most so many bytes in UTF-8; what was cut off shows as an ellipsis. */
export function cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const head = Buffer.from(text.slice(0, maxBytes)).subarray(0, maxBytes - 3);
  // A character that was cut in two decodes to U+FFFD, which has as many bytes as the ellipsis.
  return `${head.toString().replace(/\uFFFD+$/, '')}…`;
}

/** `BusError.is` for a value that may be anything: one that cannot be read, or a proxy, is none, whatever it says. */
export function isBusError(thrown: unknown): thrown is BusError {
  try {
    if (isProxy(thrown) || !BusError.is(thrown)) return false;
    const { code, message, retryable, details } = thrown;
    return (
      typeof code === 'string' &&
      typeof message === 'string' &&
      typeof retryable === 'boolean' &&
      Boolean(details)
    );
  } catch {
    return false;
  }
}

/** What was thrown, as a text of at most 2 KiB. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return cut(String(textOf(thrown)), maxMessageBytes);
  } catch {
    return 'a value that cannot be printed';
  }
}

/** The stack of an error, at most 8 KiB; '' where there is none or it cannot be read. */
export function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? cut(String(thrown.stack), maxStackBytes) : '';
  } catch {
    return '';
  }
}

function detailsOf(details: unknown): string {
  let text: string | undefined;
  try {
    if (typeof details !== 'object' || details === null || Object.keys(details).length === 0) return '';
    text = JSON.stringify(details);
  } catch {
    return '{"omitted":"the details cannot be encoded"}';
  }
  if (text === undefined || Buffer.byteLength(text) <= maxDetailsBytes) return text ?? '';
  return '{"omitted":"the details are larger than 8 KiB"}';
}

function readDetails(text: string): object {
  if (text === '' || text.length > maxDetailsBytes) return {};
  try {
    const details = parseJson(text);
    return typeof details === 'object' && !Array.isArray(details) ? (details ?? {}) : {};
  } catch {
    return {};
  }
}
