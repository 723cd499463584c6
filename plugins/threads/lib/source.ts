import { Refusal } from './refusal.js';

interface Observer {
  next(item: unknown): void;
  error(thrown: unknown): void;
  complete(): void;
}
interface Source {
  subscribe(observer: Observer): { unsubscribe(): void };
  '@@observable'(): Source;
  toJSON: unknown;
}

/** Items of an observable that may wait in the thread: it cannot be paused. */
const maxAhead = 1_000;

const interop: '@@observable' = ((Symbol as { observable?: symbol }).observable ??
  '@@observable') as '@@observable';

/**
 * What a handler gave, if it is many: an observable or an iterable, as it would be inline. An array is one value here:
 * whether it is many is for the caller's side to say.
 */
export function iteratorOf(value: unknown): AsyncIterator<unknown> | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Array.isArray(value))
    return undefined;
  const source = value as Partial<Source & AsyncIterable<unknown> & Iterable<unknown>>;
  if (typeof source.subscribe === 'function') return itemsOf(source as Source);
  if (typeof source[interop] === 'function') return itemsOf((source as Source)[interop]());
  if (typeof source[Symbol.asyncIterator] === 'function')
    return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  if (typeof source[Symbol.iterator] !== 'function' || typeof source.toJSON === 'function') return undefined;
  return each(source as Iterable<unknown>);
}

async function* each(items: Iterable<unknown>): AsyncGenerator<unknown, void, undefined> {
  yield* items;
}

async function* itemsOf(source: Source): AsyncGenerator<unknown, void, undefined> {
  const waiting: unknown[] = [];
  let end: { thrown?: unknown } | undefined;
  let wake = () => {};
  const finish = (how: { thrown?: unknown }) => {
    end ??= how;
    wake();
  };
  const subscription = source.subscribe({
    next(item) {
      if (waiting.length < maxAhead) waiting.push(item);
      else finish({ thrown: overrun() });
      wake();
    },
    error: (thrown) => finish({ thrown }),
    complete: () => finish({}),
  });
  try {
    for (;;) {
      if (waiting.length > 0) yield waiting.shift();
      else if (end === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      else if ('thrown' in end) throw end.thrown;
      else return;
    }
  } finally {
    subscription.unsubscribe();
  }
}

const overrun = () =>
  new Refusal('overflow', `the stream is ${maxAhead} items ahead of its consumer: it cannot be paused`, true);
