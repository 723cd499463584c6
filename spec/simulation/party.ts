import type { Observable } from 'rxjs';
import { BusError } from '../../lib/errors/bus-error.js';
import type { CallOptions, Published } from '../../lib/handler/call-option.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { defineMessage } from '../../lib/handler/contract.js';
import { handler, type Registration } from '../../lib/handler/registration.js';
import type { Schema } from '../../lib/handler/standard-schema.js';
import type { AnyMessage } from '../../lib/handler/verbs.js';
import type { Book, Parcel, Verb } from './book.js';
import type { Kind } from './kind.js';
import type { Machine } from './machine.js';

/** The small lanes of the simulation, so that every bound is reached. */
export const lane = { concurrency: 4, capacity: 32, capacityBytes: 256 * 1024 };
export const outbox = { capacity: 12, capacityBytes: 128 * 1024, maxWaiting: 8 };
export const maxPayloadBytes = 200_000;

/** Of a process that may hold little: room for what large payloads may arrive, and for two of them beside it. */
const little = { ...lane, capacityBytes: 64 * 1024, reassemblyBytes: 480_000 };
const littlePayloadBytes = 80_000;
const memory = { maxBytes: little.capacityBytes + little.reassemblyBytes + 2 * littlePayloadBytes };

export const boundsOf = ({ tight }: Kind) =>
  tight
    ? { lane: little, outbox, memory, maxPayloadBytes: littlePayloadBytes }
    : { lane, outbox, maxPayloadBytes };

/** Message types and how they are handled; both sides handle all, but for `guest`, which comes and goes. */
export const types = ['sync', 'slow', 'ordered', 'keyed', 'back', 'tail', 'drip', 'guest'] as const;
export type Type = (typeof types)[number] | 'coded';

/** What one process can ask of another; a hub bound to a target, or a worker. */
export interface Route {
  /** The process on the other side as it is now: numbers of messages are counted per pair; '' for `any()`. */
  readonly receiver: string;
  send(message: AnyMessage, payload: unknown, options: CallOptions): Promise<unknown>;
  request(message: AnyMessage, payload: unknown, options: CallOptions): Promise<unknown>;
  stream(message: AnyMessage, payload: unknown, options: CallOptions): Observable<unknown>;
  publish(message: AnyMessage, payload: unknown, overflow: 'drop-newest' | 'drop-oldest'): Published;
}

/** What the dice decide about one call. */
export interface Wish {
  readonly verb: Verb;
  readonly type: Type;
  readonly ms: number;
  readonly fails: boolean;
  /** Characters; -1 for what cannot be encoded. */
  readonly padding: number;
  readonly key: string;
  readonly items: number;
  readonly timeoutMs: number;
  /** Gives up after so many milliseconds; 0 for never. */
  readonly abortMs: number;
  readonly overflow: 'wait' | 'reject';
}

/** In a codec that a plugin contributes. */
const Coded = defineMessage<unknown, unknown>('coded', { codec: 'mirror' });

/** A stream whose consumer takes some milliseconds for each item. */
const slowly = ({ clock }: Machine) =>
  defineMessage('drip', {
    payload: schema((value) => ({ value })),
    stream: schema((value) => new Promise((done) => clock.after(2, () => done({ value })))),
  });

const schema = (validate: Schema['~standard']['validate']): Schema => ({
  '~standard': { version: 1, vendor: 'spec', validate },
});

/** The handlers of one process. `ask` makes a request of its own to whoever sent the message. */
export function handlers(
  machine: Machine,
  book: Book,
  ask: (from: string) => Promise<unknown>,
): Registration[] {
  const items = async function* (given: Parcel) {
    for (let i = 0; i < given.items; i++) {
      if (i % 50 === 49) await machine.delay(given.ms / 10);
      yield i;
    }
    ended(machine, book, given);
  };
  // It starts as it is called; a generator would, as it is read.
  const stream = (message: HandlerMessage, context: Context) =>
    items(parcel(machine, book, message, context));
  const later = async (message: HandlerMessage, context: Context) => {
    const given = parcel(machine, book, message, context);
    await machine.delay(given.ms);
    return ended(machine, book, given);
  };
  const now = (message: HandlerMessage, context: Context) =>
    ended(machine, book, parcel(machine, book, message, context));
  return [
    handler('sync', now),
    handler('coded', now),
    handler('slow', later),
    handler('ordered', later, { concurrency: 1 }),
    handler('keyed', later, { key: (payload) => (payload as Parcel).key, timeoutMs: 700 }),
    handler('back', async (message, context) => {
      const given = parcel(machine, book, message, context);
      await ask(context.from.id);
      return ended(machine, book, given);
    }),
    handler('tail', stream),
    handler('drip', stream),
  ];
}

/** The one that comes and goes. */
export const guest = (machine: Machine, book: Book) => async (message: HandlerMessage, context: Context) => {
  const given = parcel(machine, book, message, context);
  await machine.delay(given.ms);
  return ended(machine, book, given);
};

function parcel({ host }: Machine, book: Book, { payload, type }: HandlerMessage, { from }: Context): Parcel {
  book.handled(host, type, payload as Parcel, from.epoch);
  return payload as Parcel;
}

function ended({ host }: Machine, book: Book, { id, fails }: Parcel): { id: string } {
  if (fails) throw new Error(`${id} fails`);
  book.finished(host);
  return { id };
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
    pad: padding < 0 ? 1n : 'x'.repeat(padding),
  };
  const message: AnyMessage = type === 'coded' ? Coded : type === 'drip' ? slowly(machine) : type;
  const settled = (thrown?: unknown) => {
    if (machine.alive) book.settled(entry, thrown);
  };
  if (verb === 'publish') {
    try {
      const { queued, dropped } = route.publish(
        message,
        payload,
        padding % 2 ? 'drop-newest' : 'drop-oldest',
      );
      book.note(`${entry.id} queued ${queued} dropped ${dropped}`);
      settled();
    } catch (thrown) {
      settled(thrown);
    }
    return;
  }
  const abort = wish.abortMs > 0 ? new AbortController() : undefined;
  const options = { timeoutMs, overflow, ...(abort ? { signal: abort.signal } : {}) };
  if (verb === 'stream') {
    const following = follow(book, route.stream(message, payload, options), payload, (thrown) => {
      cancelAbort();
      settled(thrown);
    });
    const giveUp = () => {
      if (wish.abortMs % 2) return abort?.abort();
      following.unsubscribe();
      if (machine.alive) book.unsubscribed(entry);
    };
    const cancelAbort = wish.abortMs > 0 ? machine.clock.after(wish.abortMs, giveUp) : () => {};
    return;
  }
  const cancelAbort = wish.abortMs > 0 ? machine.clock.after(wish.abortMs, () => abort?.abort()) : () => {};
  const call =
    verb === 'send' ? route.send(message, payload, options) : route.request(message, payload, options);
  call.then(
    (reply) => {
      cancelAbort();
      if (verb === 'request' && (reply as Parcel)?.id !== entry.id)
        book.violation(`${entry.id} got the reply ${JSON.stringify(reply)}`);
      settled();
    },
    (thrown) => {
      cancelAbort();
      settled(thrown);
    },
  );
}

function follow(
  book: Book,
  items$: Observable<unknown>,
  { id, items }: Parcel,
  ended: (thrown?: unknown) => void,
) {
  let next = 0;
  return items$.subscribe({
    next: (item) => {
      if (item !== next) book.violation(`${id} got item ${item} in place of ${next}`);
      next += 1;
    },
    // Later, as a promise would: what is to be taken back is there by then.
    error: (thrown) => void Promise.resolve().then(() => ended(thrown)),
    complete: () => {
      if (next !== items) book.violation(`${id} completed after ${next} of ${items} items`);
      void Promise.resolve().then(() => ended());
    },
  });
}

/** What a start rejects with when its process is closed meanwhile. */
export const closed = (thrown: unknown): boolean => BusError.is(thrown, 'closed');
