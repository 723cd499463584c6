import { BusError, type Context, type HandlerMessage, type HandlerModule, type Log } from 'drumline/plugin';
import type { Job } from './crew.js';
import { errorOf, failureOf } from './failure.js';
import { Items } from './items.js';
import type { Answer, Call, FromThread, Line, Order } from './order.js';
import { type Packed, packed, unpacked } from './pack.js';
import type { Client, Thread } from './thread.js';

let count = 0;

/** One message on its way through the pool. */
export class Task implements Job, Client {
  readonly id = ++count;
  readonly kill = new AbortController();
  /** What the handler gives; settles at the latest when its thread has ended. */
  readonly result: Promise<unknown>;
  thread: Thread | undefined;
  /** Why its result is not wanted any more. */
  reason: unknown;
  #resolve: (value: unknown) => void = () => {};
  #reject: (thrown: unknown) => void = () => {};
  #items: Items | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isSettled = false;
  #whenSettled: () => void = () => {};
  readonly #settled = new Promise<void>((resolve) => {
    this.#whenSettled = resolve;
  });

  constructor(
    readonly place: HandlerModule,
    readonly message: HandlerMessage,
    readonly context: Context,
    private readonly endAfterMs: number,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get log(): Log {
    return this.context.log;
  }

  /** Throws `unserialisable` for a payload that cannot be copied into a thread. */
  order(): Order {
    const { place, message, context } = this;
    const { payload, type, id, headers } = message;
    const { from, deadline, attempt } = context;
    const { epoch, labels, identity } = from;
    const peer = { id: from.id, epoch, labels, identity };
    const call: Call = { type, id, headers, from: peer, deadline, attempt };
    return {
      task: this.id,
      module: place.module.href,
      export: place.export,
      call,
      payload: entering(payload, type),
    };
  }

  taken(thread: Thread): void {
    thread.add(this);
  }

  /** Fires the signal in the thread, and ends the thread if that does not help in time. */
  leave(reason: unknown): void {
    this.reason ??= reason;
    if (this.thread === undefined) return this.kill.abort();
    this.#tell(reason);
    this.#limit();
  }

  hear(message: Exclude<FromThread, Line>): void {
    if (message.kind === 'stream') this.#open();
    else if (message.kind === 'item') this.#items?.push(unpacked(message.value));
    else {
      this.thread?.delete(this);
      this.#open().end(message.failure === undefined ? {} : { thrown: errorOf(message.failure, BusError) });
    }
  }

  /** The thread is free again. */
  answered(answer: Answer): void {
    if (answer.kind === 'streamed') this.#open();
    else {
      this.thread?.delete(this);
      if (answer.kind === 'value') this.#resolve(unpacked(answer.value));
      else this.#reject(errorOf(answer.failure, BusError));
    }
    this.#settle();
  }

  /** It will not be answered. */
  fail(thrown: unknown): void {
    this.thread?.delete(this);
    this.#reject(thrown);
    this.#items?.end({ thrown });
    this.#settle();
  }

  gone(): void {
    if (!this.#isSettled) return;
    this.#items?.end({
      thrown: new BusError('handler-failed', `the thread of '${this.message.type}' ended`),
    });
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#isSettled = true;
    this.#whenSettled();
  }

  #open(): Items {
    if (this.#items !== undefined) return this.#items;
    const items = new Items({
      allow: (count) => this.thread?.post({ task: this.id, kind: 'allow', items: count }),
      leave: () => {
        this.thread?.post({ task: this.id, kind: 'stop' });
        this.#limit();
        return this.#settled;
      },
    });
    this.#items = items;
    this.#resolve(items);
    return items;
  }

  #tell(reason: unknown): void {
    const failure = failureOf(reason, (value) => BusError.is(value));
    this.thread?.post({ task: this.id, kind: 'abort', reason: failure });
  }

  #limit(): void {
    if (this.#isSettled) return;
    this.#timer ??= setTimeout(() => {
      const { type } = this.message;
      const text = `the handler of '${type}' went on for ${this.endAfterMs} ms after its signal had fired: its thread is ended`;
      this.log.warn(text);
      this.kill.abort();
    }, this.endAfterMs);
  }
}

function entering(payload: unknown, type: string): Packed {
  try {
    return packed(payload);
  } catch (thrown) {
    const text = `the payload of '${type}' cannot go into a thread: ${(thrown as Error).message}`;
    throw new BusError('unserialisable', text, { details: { type } });
  }
}
