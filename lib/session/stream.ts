import { Observable, type Subscriber } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import type { CallOptions } from '../handler/call-option.js';
import type { Log } from '../handler/context.js';
import { decodeReply } from '../handler/decode-reply.js';
import type { Clock } from '../time/clock.js';
import type { Call } from './call.js';
import { deadlineOf, Waiting } from './calling.js';
import { draft, type Encoded, type Form } from './draft.js';
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
    const streaming = new Streaming(session, encoded, options, subscriber);
    streaming.begin(draft(encoded, 'stream', deadlineAt, options.headers), deadlineAt);
    return () =>
      streaming.abandon(new BusError('cancelled', `the stream of '${encoded.type}' was unsubscribed`));
  });

class Streaming extends Waiting {
  readonly #items: Items;

  constructor(
    session: Session,
    encoded: Encoded,
    options: CallOptions,
    private readonly subscriber: Subscriber<unknown>,
  ) {
    super(session, encoded, options);
    this.#items = new Items(subscriber, session, this, (asked) =>
      session.outbound.pull(this.call as Call, asked),
    );
  }

  override outcome(outcome: Outcome): boolean {
    if (outcome.status === 'item') {
      this.#items.item(outcome, (error) => this.#wrong(error));
      return false;
    }
    const error = outcome.status === 'fault' ? this.errorOf(outcome) : undefined;
    this.settled();
    this.#items.end(error);
    return true;
  }

  override failed(error: BusError): void {
    this.settled();
    this.subscriber.error(error);
  }

  /** An item that will not do. Its check may answer after the last outcome has come: then there is nothing to give up. */
  #wrong(error: BusError): void {
    this.abandon(error);
    this.subscriber.error(error);
  }
}

/** The items of one stream, in order, whether their check answers at once or later; asks for more as they are taken. */
class Items {
  #taken = 0;
  #asked = streamWindow;
  #last: Promise<void> | undefined;
  #full = false;

  constructor(
    private readonly subscriber: Subscriber<unknown>,
    private readonly session: Session,
    private readonly form: Form,
    private readonly pull: (items: number) => void,
  ) {}

  /** What has to wait for a check is held in the memory of the process; without room for it the stream ends. */
  item(outcome: Outcome, wrong: (error: BusError) => void): void {
    const { messages } = this.session.outbox;
    const { length } = outcome.payload;
    if (this.#full) return;
    const checked = this.#inOrder(() => {
      if (this.#full) return undefined;
      try {
        const value = decodeReply(this.form.contract, outcome, this.form.codecs);
        if (value instanceof Promise) return value.then((item) => this.#next(item), wrong);
        return this.#next(value);
      } catch (thrown) {
        return wrong(thrown as BusError);
      }
    });
    if (checked === undefined) return;
    if (messages.take(length)) return void checked.then(() => messages.give(length));
    this.#full = true;
    wrong(tooFarBehind(this.form.type, this.session.name));
  }

  end(error: BusError | undefined): void {
    this.#inOrder(() => {
      if (error !== undefined) this.subscriber.error(error);
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

  /** Gives when it is done; undefined: it is already. */
  #inOrder(step: () => void | Promise<void>): Promise<void> | undefined {
    const later = this.#last ? this.#last.then(step) : step();
    if (!later) return undefined;
    const last = later.finally(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
    return last;
  }
}

const tooFarBehind = (type: string, name: string) =>
  new BusError(
    'overflow',
    `the items of '${type}' from ${name} wait for their check, and find no room in the memory of this process`,
    { details: { type, bound: 'memory.maxBytes' } },
  );

/** Where the errors of a stream go that its subscriber does not handle. */
export const streamLog = (log: Log) => (thrown: unknown) =>
  log.error(`a subscriber of a stream threw, or has no error handler: ${textOf(thrown)}`);
