import type { Observable } from 'rxjs';
import { BusError } from '../../lib/errors/bus-error.js';
import type { CallOptions, Published } from '../../lib/handler/call-option.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { handler, type Registration } from '../../lib/handler/registration.js';
import type { Book, Parcel, Verb } from './book.js';
import type { Machine } from './machine.js';

/** The small lanes of the simulation, so that every bound is reached. */
export const lane = { concurrency: 4, capacity: 64, capacityBytes: 256 * 1024 };
export const outbox = { capacity: 32, capacityBytes: 128 * 1024, maxWaiting: 16 };

/** Message types and how they are handled; both sides handle all. */
export const types = ['sync', 'slow', 'ordered', 'keyed', 'back', 'tail'] as const;

/** What one process can ask of another; a hub bound to a target, or a worker. */
export interface Route {
  /** The process on the other side as it is now: numbers of messages are counted per pair; '' for `any()`. */
  readonly receiver: string;
  send(type: string, payload: unknown, options: CallOptions): Promise<void>;
  request(type: string, payload: unknown, options: CallOptions): Promise<unknown>;
  stream(type: string, payload: unknown, options: CallOptions): Observable<unknown>;
  publish(type: string, payload: unknown, overflow: 'drop-newest' | 'drop-oldest'): Published;
}

/** What the dice decide about one call. */
export interface Wish {
  readonly verb: Verb;
  readonly type: (typeof types)[number];
  readonly ms: number;
  readonly fails: boolean;
  readonly padding: number;
  readonly key: string;
  readonly items: number;
  readonly timeoutMs: number;
  /** Gives up after so many milliseconds; 0 for never. */
  readonly abortMs: number;
  readonly overflow: 'wait' | 'reject';
}

/** The handlers of one process. `ask` makes a request of its own to whoever sent the message. */
export function handlers(
  machine: Machine,
  book: Book,
  ask: (from: string) => Promise<unknown>,
): Registration[] {
  const parcel = ({ payload, type }: HandlerMessage, { from }: Context): Parcel => {
    book.handled(machine.host, type, payload as Parcel, from.epoch);
    return payload as Parcel;
  };
  const end = ({ id, fails }: Parcel) => {
    if (fails) throw new Error(`${id} fails`);
    return { id };
  };
  const later = async (message: HandlerMessage, context: Context) => {
    const given = parcel(message, context);
    await machine.delay(given.ms);
    return end(given);
  };
  return [
    handler('sync', (message, context) => end(parcel(message, context))),
    handler('slow', later),
    handler('ordered', later, { concurrency: 1 }),
    handler('keyed', later, { key: (payload) => (payload as Parcel).key, timeoutMs: 700 }),
    handler('back', async (message, context) => {
      const given = parcel(message, context);
      await ask(context.from.id);
      return end(given);
    }),
    handler('tail', async function* (message, context) {
      const given = parcel(message, context);
      for (let i = 0; i < given.items; i++) {
        if (i % 50 === 49) await machine.delay(given.ms / 10);
        yield i;
      }
      end(given);
    }),
  ];
}

/** Sends one message as wished, and keeps the book. */
export function post(machine: Machine, book: Book, route: Route, wish: Wish): void {
  const { verb, type, timeoutMs, overflow, ms, fails, items, padding } = wish;
  const anywhere = route.receiver === '';
  const entry = book.open(machine.host, verb, type, anywhere);
  const key = type === 'keyed' ? wish.key : '';
  const payload: Parcel = {
    id: entry.id,
    n: anywhere ? -1 : book.next(machine.host, route.receiver, `${type}:${key}`),
    sender: machine.host,
    key,
    ms,
    fails,
    items,
    pad: 'x'.repeat(padding),
  };
  const ended = (thrown?: unknown) => {
    if (machine.alive) book.settled(entry, thrown);
  };
  if (verb === 'publish') {
    try {
      const { queued, dropped } = route.publish(type, payload, padding % 2 ? 'drop-newest' : 'drop-oldest');
      book.note(`${entry.id} queued ${queued} dropped ${dropped}`);
      ended();
    } catch (thrown) {
      ended(thrown);
    }
    return;
  }
  const abort = new AbortController();
  const cancelAbort = wish.abortMs > 0 ? machine.clock.after(wish.abortMs, () => abort.abort()) : () => {};
  const options = { timeoutMs, signal: abort.signal, overflow };
  if (verb === 'stream')
    return follow(book, route, payload, wish, options, (thrown) => {
      cancelAbort();
      ended(thrown);
    });
  const call = verb === 'send' ? route.send(type, payload, options) : route.request(type, payload, options);
  call.then(
    (reply) => {
      cancelAbort();
      if (verb === 'request' && (reply as Parcel)?.id !== entry.id)
        book.violation(`${entry.id} got the reply ${JSON.stringify(reply)}`);
      ended();
    },
    (thrown) => {
      cancelAbort();
      ended(thrown);
    },
  );
}

function follow(
  book: Book,
  route: Route,
  payload: Parcel,
  { items, type }: Wish,
  options: CallOptions,
  ended: (thrown?: unknown) => void,
): void {
  let next = 0;
  route.stream(type, payload, options).subscribe({
    next: (item) => {
      if (item !== next) book.violation(`${payload.id} got item ${item} in place of ${next}`);
      next += 1;
    },
    error: ended,
    complete: () => {
      if (next !== items) book.violation(`${payload.id} completed after ${next} of ${items} items`);
      ended();
    },
  });
}

/** What a start rejects with when its process is closed meanwhile. */
export const closed = (thrown: unknown): boolean => BusError.is(thrown, 'closed');
