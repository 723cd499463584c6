import { Observable, type Subscriber } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import type { Log } from '../handler/context.js';
import type { AnyContract } from '../handler/contract.js';
import { decodeReply } from '../handler/decode-reply.js';
import { cut } from '../handler/fault.js';
import { encodePayload } from '../handler/payload.js';
import type { Cancel, Clock } from '../time/clock.js';
import type { Call, Caller, Draft } from './call.js';
import type { Session } from './session.js';
import { streamWindow } from './task.js';

/** Options of `send`, `request` and `stream`. */
export interface CallOptions {
  /** Until it must have been accepted (`send`), answered (`request`) or ended (`stream`), in milliseconds; default 30,000. `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** Cancels the call: the handler's signal fires, and the caller gets `cancelled`. */
  readonly signal?: AbortSignal;
  /** For the handler to read as `message.headers`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What happens when there is no room: `wait` (default), or `reject` with `overflow`. */
  readonly overflow?: 'wait' | 'reject';
}

/** Options of `publish`. */
export interface PublishOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is dropped when there is no room: the message itself (`drop-newest`, default) or the oldest publish that waits. */
  readonly overflow?: 'drop-newest' | 'drop-oldest';
}

/** What became of a `publish`, counted in messages; the oldest that was dropped for it counts as dropped. */
export interface Published {
  readonly queued: number;
  readonly dropped: number;
}

/** A payload in the form in which it travels; encoded once, however many workers it goes to. */
export interface Encoded {
  readonly type: string;
  readonly contract: AnyContract;
  readonly payload: Uint8Array;
  readonly codec: string;
}

/** Which try of a call this is, and the id that all its tries share. */
export interface Attempt {
  readonly attempt: number;
  readonly id: string;
}

const firstAttempt: Attempt = { attempt: 1, id: '' };
const defaultTimeoutMs = 30_000;

/** What a message may have in headers, in UTF-16 units: with its type it fits beside the largest payload. */
const maxHeaders = 16_384;
const maxType = 255;

/** Throws `unserialisable`, and `invalid-option` for a message type that cannot be one. */
export function encode(message: AnyContract | string, payload: unknown): Encoded {
  const contract: AnyContract = typeof message === 'string' ? { type: message } : message;
  const type: unknown = contract?.type;
  if (typeof type !== 'string' || type === '' || type.length > maxType)
    throw new BusError(
      'invalid-option',
      `a message is named by a contract or by a string of 1 to ${maxType} characters, not by ${cut(String(type), 64)}`,
    );
  return { type, contract, ...encodePayload(payload, type) };
}

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

/** `send` and `request` have this form, so that `any()` can try either elsewhere. */
export type Verb<T> = (
  session: Session,
  clock: Clock,
  encoded: Encoded,
  deadlineAt: number,
  options: CallOptions,
  attempt?: Attempt,
) => Promise<T>;

/** One payload, encoded once, to each of the peers. */
export function publishTo(
  sessions: readonly Session[],
  encoded: Encoded,
  { headers, overflow = 'drop-newest' }: PublishOptions,
): Published {
  const message = draft(encoded, 'nothing', 0, headers);
  let queued = 0;
  let dropped = 0;
  for (const session of sessions) {
    const result = session.outbound.publish(message, overflow);
    if (result !== 'dropped') queued += 1;
    if (result !== 'queued') dropped += 1;
  }
  return { queued, dropped };
}

/** Resolves when the peer has accepted the message. */
export const send: Verb<void> = (session, clock, encoded, deadlineAt, options, attempt) =>
  new Promise((resolve, reject) => {
    const message = draft(encoded, 'acceptance', 0, options.headers, attempt);
    begin(session, clock, message, deadlineAt, options, (end) => ({
      accepted: () => end(resolve),
      outcome: (outcome) => {
        end(() => (outcome.status === 'fault' ? reject(faultError(encoded, outcome)) : resolve()));
        return true;
      },
      failed: (error) => end(() => reject(error)),
      undelivered: (error) => session.undelivered(encoded.type, error),
    }));
  });

/** Resolves with the reply. */
export const request: Verb<unknown> = (session, clock, encoded, deadlineAt, options, attempt) =>
  new Promise((resolve, reject) => {
    const message = draft(encoded, 'reply', deadlineAt, options.headers, attempt);
    begin(session, clock, message, deadlineAt, options, (end) => ({
      accepted() {},
      outcome(outcome) {
        end(() => {
          try {
            resolve(decodeReply(encoded.contract, outcome));
          } catch (thrown) {
            reject(thrown);
          }
        });
        return true;
      },
      failed: (error) => end(() => reject(error)),
      undelivered() {},
    }));
  });

/** A stream of replies, asked for at each subscription; unsubscribing cancels the handler. */
export const stream = (session: Session, clock: Clock, encoded: Encoded, options: CallOptions) =>
  new Observable<unknown>((subscriber) => {
    const deadlineAt = deadlineOf(clock, options);
    const items = new Items(subscriber, encoded, (asked) => session.outbound.pull(call, asked));
    const give = (error: BusError) => session.outbound.abandon(call, error);
    const call = begin(
      session,
      clock,
      draft(encoded, 'stream', deadlineAt, options.headers),
      deadlineAt,
      options,
      (end) => ({
        accepted() {},
        outcome(outcome) {
          if (outcome.status !== 'item') end(() => items.end(outcome));
          else items.item(outcome, give);
          return outcome.status !== 'item';
        },
        failed: (error) => end(() => subscriber.error(error)),
        undelivered() {},
      }),
    );
    return () => give(new BusError('cancelled', `the stream of '${encoded.type}' was unsubscribed`));
  });

/** The items of one stream, in order, whether their check answers at once or later; asks for more as they are taken. */
class Items {
  #taken = 0;
  #asked = streamWindow;
  #last: Promise<void> | undefined;

  constructor(
    private readonly subscriber: Subscriber<unknown>,
    private readonly encoded: Encoded,
    private readonly pull: (items: number) => void,
  ) {}

  item(outcome: Outcome, wrong: (error: BusError) => void): void {
    this.#inOrder(() => {
      try {
        const value = decodeReply(this.encoded.contract, outcome);
        if (value instanceof Promise) return value.then((item) => this.#next(item), wrong);
        return this.#next(value);
      } catch (thrown) {
        return wrong(thrown as BusError);
      }
    });
  }

  end(outcome: Outcome): void {
    this.#inOrder(() => {
      if (outcome.status === 'fault') this.subscriber.error(faultError(this.encoded, outcome));
      else this.subscriber.complete();
    });
  }

  #next(item: unknown): void {
    this.subscriber.next(item);
    this.#taken += 1;
    if (this.subscriber.closed || this.#asked - this.#taken > streamWindow / 2) return;
    this.#asked = this.#taken + streamWindow;
    this.pull(this.#asked);
  }

  #inOrder(step: () => void | Promise<void>): void {
    const later = this.#last ? this.#last.then(step) : step();
    if (!later) return;
    const last = later.finally(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
  }
}

/** Puts a call on its way with its deadline and its signal; `end` takes both away and runs its argument, once. */
function begin(
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

const faultError = ({ contract }: Encoded, outcome: Outcome): unknown => {
  try {
    return decodeReply(contract, outcome);
  } catch (thrown) {
    return thrown;
  }
};

const cancelled = (signal: AbortSignal) =>
  new BusError('cancelled', 'the caller cancelled the call', { cause: signal.reason });

const draft = (
  { type, payload, codec }: Encoded,
  expects: Draft['expects'],
  deadlineAt: number,
  headers: Readonly<Record<string, string>> | undefined,
  { attempt, id }: Attempt = firstAttempt,
): Draft => ({
  type,
  payload,
  codec,
  expects,
  deadlineAt: deadlineAt === Number.POSITIVE_INFINITY ? 0 : deadlineAt,
  attempt,
  id,
  ...(headers === undefined ? {} : { headers: texts(headers, type) }),
});

/** Throws `unserialisable` and `too-large` now: what cannot be written or read later, would break the link at each replay. */
function texts(headers: Readonly<Record<string, string>>, type: string): Readonly<Record<string, string>> {
  let length = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string')
      throw new BusError(
        'unserialisable',
        `header '${name}' of '${type}' is a ${typeof value}, and must be a string`,
      );
    length += name.length + value.length;
  }
  if (length > maxHeaders)
    throw new BusError(
      'too-large',
      `the headers of '${type}' have ${length} characters, at most ${maxHeaders} are taken`,
    );
  return headers;
}

/** Where the errors of a stream go that its subscriber does not handle. */
export const streamLog = (log: Log) => (thrown: unknown) =>
  log.error(`a subscriber of a stream threw, or has no error handler: ${textOf(thrown)}`);
