import { defer, type Observable } from 'rxjs';
import type { BusError } from '../errors/bus-error.js';
import type { CallOptions, Published, PublishOptions } from '../handler/call-option.js';
import type { Codecs } from '../handler/codec.js';
import type { Log } from '../handler/context.js';
import type { AnyMessage, SendFunction } from '../handler/verbs.js';
import { type Order, Sends } from '../plugin/sends.js';
import { deadlineOf } from '../session/calling.js';
import { type Encoded, encode } from '../session/draft.js';
import { isolated } from '../session/isolated.js';
import type { Session } from '../session/session.js';
import { stream, streamLog } from '../session/stream.js';
import { publishTo, request, send, type Verb } from '../session/verb.js';
import type { Clock } from '../time/clock.js';

export interface WorkerCallsOptions {
  readonly clock: Clock;
  readonly session: Session;
  readonly codecs: Codecs;
  /** What is sent goes through them; `undefined` where there are none. */
  readonly interceptors: SendFunction | undefined;
  readonly log: Log;
  /** Throws `closed` once the worker is. */
  open(): void;
}

/** What interceptors see as the target of a worker's calls. */
const target = 'hub';

/** What a worker sends, through the interceptors of its plugins if it has any. `Worker` says what each promises. */
export class WorkerCalls {
  readonly #options: WorkerCallsOptions;
  readonly #sends: Sends | undefined;

  constructor(options: WorkerCallsOptions) {
    const { interceptors, clock, log } = options;
    this.#options = options;
    this.#sends = interceptors && new Sends(interceptors, clock, log, isolated);
  }

  /** Whether no interceptor keeps a caller waiting. */
  get settled(): boolean {
    return this.#sends === undefined || this.#sends.settled;
  }

  publish(message: AnyMessage, payload: unknown, options: PublishOptions): Published {
    const { session, open } = this.#options;
    open();
    if (this.#sends === undefined) return publishTo(session, this.#encode(message, payload), options);
    return this.#publishThrough(this.#sends, { verb: 'publish', target, message, payload, options });
  }

  // What an interceptor needs is made apart: V8 would make it for each call that has none, too.
  #publishThrough(sends: Sends, order: Order): Published {
    return sends.publish(order, (payload, options) =>
      publishTo(this.#options.session, this.#encode(order.message, payload), options),
    );
  }

  send(message: AnyMessage, payload: unknown, options: CallOptions): Promise<void> {
    const sent = this.#call('send', send, message, payload, options);
    // What an interceptor gives is nothing to the caller.
    return this.#sends === undefined ? sent : sent.then(() => {});
  }

  request(message: AnyMessage, payload: unknown, options: CallOptions): Promise<unknown> {
    return this.#call('request', request, message, payload, options);
  }

  stream(message: AnyMessage, payload: unknown, options: CallOptions): Observable<unknown> {
    const { session, clock, log, open } = this.#options;
    const items$ = defer(() => {
      open();
      const deadlineAt = deadlineOf(clock, options);
      if (this.#sends === undefined)
        return stream(session, clock, this.#encode(message, payload), options, deadlineAt);
      const order = { verb: 'stream', target, message, payload, options } as const;
      return this.#sends.stream(order, deadlineAt, (payload, options) => {
        open();
        return stream(session, clock, this.#encode(message, payload), options, deadlineAt);
      });
    });
    return isolated(items$, streamLog(log));
  }

  /** Whoever waits for an interceptor hears `error`. */
  close(error: BusError): void {
    this.#sends?.close(error);
  }

  #call<T>(
    verb: 'send' | 'request',
    how: Verb<T>,
    message: AnyMessage,
    payload: unknown,
    options: CallOptions,
  ): Promise<T> {
    try {
      return this.#begin(verb, how, message, payload, options);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #begin<T>(
    verb: 'send' | 'request',
    how: Verb<T>,
    message: AnyMessage,
    payload: unknown,
    options: CallOptions,
  ): Promise<T> {
    const { session, clock, open } = this.#options;
    open();
    if (this.#sends === undefined) {
      const encoded = this.#encode(message, payload);
      return how(session, encoded, deadlineOf(clock, options), options);
    }
    return this.#callThrough(this.#sends, how, { verb, target, message, payload, options });
  }

  #callThrough<T>(sends: Sends, how: Verb<T>, order: Order<CallOptions>): Promise<T> {
    const { session, clock, open } = this.#options;
    const deadlineAt = deadlineOf(clock, order.options);
    return sends.call(order, deadlineAt, (payload, options) => {
      open();
      return how(session, this.#encode(order.message, payload), deadlineAt, options);
    }) as Promise<T>;
  }

  #encode(message: AnyMessage, payload: unknown): Encoded {
    return encode(message, payload, this.#options.codecs);
  }
}
