import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import type { CallOptions } from '../handler/call-option.js';
import { faultOutcome } from '../handler/fault.js';
import type { Cancel, Clock } from '../time/clock.js';
import type { Call, Caller, Draft } from './call.js';
import type { Encoded } from './draft.js';
import { known, type Names } from './known.js';
import type { Session } from './session.js';

const defaultTimeoutMs = 30_000;

const names: Names<CallOptions> = { timeoutMs: true, signal: true, headers: true, overflow: true };

/** Checks the options that every call takes; throws `invalid-option` and `cancelled`. */
export function deadlineOf(clock: Clock, options: CallOptions): number {
  known('a call', options, names);
  const { timeoutMs = defaultTimeoutMs, signal, overflow = 'wait' } = options;
  if (overflow !== 'wait' && overflow !== 'reject')
    throw new BusError('invalid-option', `overflow of a call is 'wait' or 'reject', not ${textOf(overflow)}`);
  if (!(timeoutMs > 0))
    throw new BusError(
      'invalid-option',
      `timeoutMs must be a positive number of milliseconds, not ${timeoutMs}`,
    );
  if (signal?.aborted)
    throw new BusError('cancelled', 'the caller cancelled the call before it began', {
      cause: signal.reason,
    });
  return clock.now() + timeoutMs;
}

/** Puts a call on its way with its deadline and its signal; `end` takes both away and runs its argument, once. */
export function begin(
  session: Session,
  clock: Clock,
  message: Draft,
  deadlineAt: number,
  { timeoutMs = defaultTimeoutMs, signal, overflow = 'wait' }: CallOptions,
  callerOf: (end: (last: () => void) => void) => Caller,
): Call {
  let cancelTimer: Cancel = () => {};
  const abort = () =>
    session.outbound.abandon(call, cancelled(signal as AbortSignal, message.type, session.name));
  const end = (last: () => void) => {
    cancelTimer();
    signal?.removeEventListener('abort', abort);
    last();
  };
  const call = session.outbound.call(message, overflow, callerOf(end));
  signal?.addEventListener('abort', abort, { once: true });
  cancelTimer = clock.after(deadlineAt - clock.now(), () =>
    session.outbound.abandon(
      call,
      new BusError('timeout', `'${message.type}' to ${session.name} was not done within ${timeoutMs} ms`, {
        details: {
          type: message.type,
          peer: session.name,
          timeoutMs,
          delivery: call.hasLeft ? 'unknown' : 'not-sent',
        },
      }),
    ),
  );
  return call;
}

/** What a fault of the peer is on this side: as it was thrown there; without details of its own, with whom it is about. */
export function faultError({ name }: Session, { type }: Encoded, { fault }: Outcome): BusError {
  const error = faultOutcome(fault, type);
  if (Object.keys(error.details).length > 0) return error;
  const { code, message, retryable } = error;
  return new BusError(code, message, { retryable, details: { type, peer: name } });
}

const cancelled = (signal: AbortSignal, type: string, name: string) =>
  new BusError('cancelled', `the caller cancelled '${type}' to ${name}`, {
    details: { type, peer: name },
    cause: signal.reason,
  });
