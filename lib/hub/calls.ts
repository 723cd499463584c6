import { defer, type Observable } from 'rxjs';
import type { BusError } from '../errors/bus-error.js';
import type { CallOptions, Published, PublishOptions } from '../handler/call-option.js';
import type { Codecs } from '../handler/codec.js';
import type { Log } from '../handler/context.js';
import { checkTarget, type OneTarget, type Target } from '../handler/target.js';
import type { AnyMessage, SendFunction } from '../handler/verbs.js';
import { type Order, Sends } from '../plugin/sends.js';
import { deadlineOf } from '../session/calling.js';
import { type Encoded, encode } from '../session/draft.js';
import { isolated } from '../session/isolated.js';
import type { Session } from '../session/session.js';
import { stream, streamLog } from '../session/stream.js';
import { publishTo, request, send, type Verb } from '../session/verb.js';
import type { Clock } from '../time/clock.js';
import { anywhere, streamAnywhere } from './any.js';
import type { Line } from './line.js';
import type { Roster } from './roster.js';

export interface HubCallsOptions {
  readonly clock: Clock;
  readonly roster: Roster;
  /** Where calls through `any()` wait for a worker. */
  readonly line: Line;
  readonly codecs: Codecs;
  /** What is sent goes through them; `undefined` where there are none. */
  readonly interceptors: SendFunction | undefined;
  readonly log: Log;
  /** Throws `closed` once the hub is. */
  open(): void;
}

/** What a hub sends, through the interceptors of its plugins if it has any. `Hub` says what each method promises. */
export class HubCalls {
  readonly #options: HubCallsOptions;
  readonly #sends: Sends | undefined;

  constructor(options: HubCallsOptions) {
    const { interceptors, clock, log } = options;
    this.#options = options;
    this.#sends = interceptors && new Sends(interceptors, clock, log, isolated);
  }

  /** Whether no interceptor keeps a caller waiting. */
  get settled(): boolean {
    return this.#sends === undefined || this.#sends.settled;
  }

  publish(target: Target, message: AnyMessage, payload: unknown, options: PublishOptions): Published {
    this.#options.open();
    checkTarget(target, 'publish');
    if (this.#sends === undefined) return this.#publish(target, this.#encode(message, payload), options);
    return this.#publishThrough(this.#sends, { verb: 'publish', target, message, payload, options });
  }

  // What an interceptor needs is made apart: V8 would make it for each call that has none, too.
  #publishThrough(sends: Sends, order: Order): Published {
    return sends.publish(order, (payload, options) =>
      this.#publish(order.target, this.#encode(order.message, payload), options),
    );
  }

  send(target: OneTarget, message: AnyMessage, payload: unknown, options: CallOptions): Promise<void> {
    const sent = this.#call('send', send, target, message, payload, options);
    // What an interceptor gives is nothing to the caller.
    return this.#sends === undefined ? sent : sent.then(() => {});
  }

  request(target: OneTarget, message: AnyMessage, payload: unknown, options: CallOptions): Promise<unknown> {
    return this.#call('request', request, target, message, payload, options);
  }

  stream(
    target: OneTarget,
    message: AnyMessage,
    payload: unknown,
    options: CallOptions,
  ): Observable<unknown> {
    const { clock, log } = this.#options;
    const items$ = defer(() => {
      this.#options.open();
      checkTarget(target, 'stream');
      const deadlineAt = deadlineOf(clock, options);
      if (this.#sends === undefined)
        return this.#items(target, this.#encode(message, payload), options, deadlineAt);
      const order = { verb: 'stream', target, message, payload, options } as const;
      return this.#sends.stream(order, deadlineAt, (payload, options) => {
        this.#options.open();
        return this.#items(target, this.#encode(message, payload), options, deadlineAt);
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
    target: OneTarget,
    message: AnyMessage,
    payload: unknown,
    options: CallOptions,
  ): Promise<T> {
    try {
      return this.#begin(verb, how, target, message, payload, options);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #begin<T>(
    verb: 'send' | 'request',
    how: Verb<T>,
    target: OneTarget,
    message: AnyMessage,
    payload: unknown,
    options: CallOptions,
  ): Promise<T> {
    const { clock, open } = this.#options;
    open();
    checkTarget(target, verb);
    if (this.#sends === undefined) {
      const encoded = this.#encode(message, payload);
      return this.#deliver(target, encoded, deadlineOf(clock, options), options, how);
    }
    return this.#callThrough(this.#sends, how, target, { verb, target, message, payload, options });
  }

  #callThrough<T>(sends: Sends, how: Verb<T>, target: OneTarget, order: Order<CallOptions>): Promise<T> {
    const { clock, open } = this.#options;
    const deadlineAt = deadlineOf(clock, order.options);
    return sends.call(order, deadlineAt, (payload, options) => {
      open();
      return this.#deliver(target, this.#encode(order.message, payload), deadlineAt, options, how);
    }) as Promise<T>;
  }

  #encode(message: AnyMessage, payload: unknown): Encoded {
    return encode(message, payload, this.#options.codecs);
  }

  #publish(target: Target, encoded: Encoded, options: PublishOptions): Published {
    if (typeof target === 'string')
      return publishTo(this.#options.roster.get(target).session, encoded, options);
    const receivers = this.#receivers(target, encoded.type);
    // Nobody has to be there for `all()`; for `any()`, a message that nobody takes is a message lost.
    if (receivers.length === 0 && target.to === 'any') return { queued: 0, dropped: 1 };
    return publishTo(receivers, encoded, options);
  }

  #deliver<T>(
    target: OneTarget,
    encoded: Encoded,
    deadlineAt: number,
    options: CallOptions,
    how: Verb<T>,
  ): Promise<T> {
    const { roster } = this.#options;
    if (typeof target === 'string') return how(roster.get(target).session, encoded, deadlineAt, options);
    return anywhere(this.#options, target, encoded, deadlineAt, options, ({ session }, attempt) =>
      how(session, encoded, deadlineAt, options, attempt),
    );
  }

  #items(target: OneTarget, encoded: Encoded, options: CallOptions, deadlineAt: number): Observable<unknown> {
    const { roster, clock } = this.#options;
    if (typeof target === 'string')
      return stream(roster.get(target).session, clock, encoded, options, deadlineAt);
    return streamAnywhere(this.#options, target, encoded, options, deadlineAt);
  }

  #receivers(target: Exclude<Target, string>, type: string): Session[] {
    const { roster } = this.#options;
    if (target.to === 'all') return roster.all(target.labels, type).map(({ session }) => session);
    const chosen = roster.any(target.labels, type, new Set());
    return chosen ? [chosen.session] : [];
  }
}
