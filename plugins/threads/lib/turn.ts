import { inspect } from 'node:util';
import type { BusError, Context, HandlerMessage, Log } from 'drumline/plugin';
import { errorOf } from './failure.js';
import { type Call, type FromThread, maxLines, type Order, streamWindow, type ToThread } from './order.js';
import { type Packed, packed, packedAway, transferOf, unpacked } from './pack.js';
import { busError, failureHere, Refusal } from './refusal.js';

/** The thread, as one message sees it. */
export interface Home {
  /** See `Greeting`. */
  readonly lines: Int32Array;
  /** Since the last line that was sent. */
  linesLeftOut: number;
  post(message: FromThread, transfer?: ArrayBuffer[]): void;
}

/** One message in its thread: what its handler gets, and the items that it gives. */
export class Turn {
  readonly call: Call;
  readonly message: HandlerMessage;
  readonly context: Context;
  readonly #controller = new AbortController();
  readonly #task: number;
  #allowed = streamWindow;
  #stopped = false;
  #iterator: AsyncIterator<unknown> | undefined;
  #wake = () => {};

  constructor(
    { task, call, payload }: Order,
    private readonly home: Home,
  ) {
    this.#task = task;
    this.call = call;
    const { type, id, headers, from, deadline, attempt } = call;
    this.message = { payload: unpacked(payload), type, id, headers };
    this.context = {
      from,
      signal: this.#controller.signal,
      deadline,
      attempt,
      services: {
        get: () => refuse(`context.services is not there for '${type}', which runs in a thread: ${why}`),
      },
      log: this.#log(),
    };
  }

  async hear(message: ToThread): Promise<void> {
    if (message.kind === 'allow') {
      this.#allowed = message.items;
      this.#wake();
    } else if (message.kind === 'stop') {
      this.#stopped = true;
      this.#wake();
      await Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } else {
      this.#controller.abort(errorOf(message.reason, await busError()));
    }
  }

  /** Sends items while the consumer has room. Ends when they end, fail, or are not wanted any more; never rejects. */
  async stream(iterator: AsyncIterator<unknown>): Promise<void> {
    this.#iterator = iterator;
    this.#post({ kind: 'stream', task: this.#task });
    try {
      for (let sent = 0; !this.#stopped; sent += 1) {
        while (sent >= this.#allowed && !this.#stopped)
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        const step = this.#stopped ? undefined : await iterator.next();
        if (step === undefined || step.done) break;
        this.#item(step.value);
      }
      this.#post({ kind: 'end', task: this.#task });
    } catch (thrown) {
      this.#post({ kind: 'end', task: this.#task, failure: await failureHere(thrown) });
      if (thrown instanceof Refusal) await Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  #item(item: unknown): void {
    const value = leaving(item, `an item of '${this.call.type}'`);
    this.#post({ kind: 'item', task: this.#task, value }, transferOf(value));
  }

  #post(message: FromThread, transfer: ArrayBuffer[] = []): void {
    this.home.post(message, transfer);
  }

  #log(): Log {
    const at = (level: keyof Log) => (text: string, details?: object) => this.#line(level, text, details);
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  /** A handler that writes in a tight loop must not fill the memory of the process that reads it. */
  #line(level: keyof Log, text: string, details: object | undefined): void {
    const { lines } = this.home;
    if (Atomics.load(lines, 0) >= maxLines) {
      this.home.linesLeftOut += 1;
      return;
    }
    Atomics.add(lines, 0, 1);
    const leftOut = this.home.linesLeftOut;
    this.home.linesLeftOut = 0;
    const line = { kind: 'line', task: this.#task, level } as const;
    const shown = leftOut === 0 ? String(text) : `${text} (${leftOut} lines before this one were left out)`;
    if (details === undefined) return this.#post({ ...line, text: shown });
    const copy = copyOf(details);
    this.#post({ ...line, text: shown, details: copy }, transferOf(copy));
  }
}

/** A result on its way out; `what` names it if it cannot go. */
export function leaving(value: unknown, what: string): Packed {
  try {
    return packedAway(value);
  } catch (thrown) {
    throw new Refusal('unserialisable', `${what} cannot leave its thread: ${(thrown as BusError).message}`);
  }
}

function copyOf(details: object): Packed {
  try {
    return packed(details);
  } catch {
    return packed({ details: inspect(details) });
  }
}

const why =
  'services are objects of the event loop; pass what it needs as payload, or with the option workerData';

function refuse(text: string): never {
  throw new Refusal('handler-failed', text);
}
