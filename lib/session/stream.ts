import { Observable, type Subscriber } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import type { CallOptions } from '../handler/call-option.js';
import type { Log } from '../handler/context.js';
import { decodeReply } from '../handler/decode-reply.js';
import type { Clock } from '../time/clock.js';
import { begin, deadlineOf, faultError } from './calling.js';
import { draft, type Encoded } from './draft.js';
import type { Session } from './session.js';
import { streamWindow } from './task.js';

/** A stream of replies, asked for at each subscription, until `untilAt` or its timeout; unsubscribing cancels the handler. */
export const stream = (
  session: Session,
  clock: Clock,
  encoded: Encoded,
  options: CallOptions,
  untilAt?: number,
) =>
  new Observable<unknown>((subscriber) => {
    const deadlineAt = untilAt ?? deadlineOf(clock, options);
    const items = new Items(subscriber, session, encoded, (asked) => session.outbound.pull(call, asked));
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
    private readonly session: Session,
    private readonly encoded: Encoded,
    private readonly pull: (items: number) => void,
  ) {}

  item(outcome: Outcome, wrong: (error: BusError) => void): void {
    this.#inOrder(() => {
      try {
        const value = decodeReply(this.encoded.contract, outcome, this.encoded.codecs);
        if (value instanceof Promise) return value.then((item) => this.#next(item), wrong);
        return this.#next(value);
      } catch (thrown) {
        return wrong(thrown as BusError);
      }
    });
  }

  end(outcome: Outcome): void {
    this.#inOrder(() => {
      if (outcome.status === 'fault') this.subscriber.error(faultError(this.session, this.encoded, outcome));
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

/** Where the errors of a stream go that its subscriber does not handle. */
export const streamLog = (log: Log) => (thrown: unknown) =>
  log.error(`a subscriber of a stream threw, or has no error handler: ${textOf(thrown)}`);
