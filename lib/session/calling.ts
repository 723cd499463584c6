import { BusError } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import { decodeReply } from '../handler/decode-reply.js';
import type { Cancel, Clock } from '../time/clock.js';
import type { Call, Caller, Draft } from './call.js';
import type { CallOptions } from './call-option.js';
import type { Encoded } from './draft.js';
import type { Session } from './session.js';

const defaultTimeoutMs = 30_000;

/** Checks the options that every call takes; throws `invalid-option` and `cancelled`. */
export function deadlineOf(clock: Clock, { timeoutMs = defaultTimeoutMs, signal }: CallOptions): number {
  if (!(timeoutMs > 0))
    throw new BusError(
      'invalid-option',
      `timeoutMs must be a positive number of milliseconds, not ${timeoutMs}`,
    );
  if (signal?.aborted) throw cancelled(signal);
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
  const abort = () => session.outbound.abandon(call, cancelled(signal as AbortSignal));
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
        details: { type: message.type, timeoutMs, delivery: call.hasLeft ? 'unknown' : 'not-sent' },
      }),
    ),
  );
  return call;
}

/** What a fault of the peer is on this side. */
export const faultError = ({ contract }: Encoded, outcome: Outcome): unknown => {
  try {
    return decodeReply(contract, outcome);
  } catch (thrown) {
    return thrown;
  }
};

const cancelled = (signal: AbortSignal) =>
  new BusError('cancelled', 'the caller cancelled the call', { cause: signal.reason });
