import { observable } from 'rxjs';
import type { Flow } from './flow.js';
import { IteratorFlow } from './iterator-flow.js';
import { ObservableFlow } from './observable-flow.js';
import type { Subscribable } from './registration.js';

/**
 * The flow of a value that is many: an observable or iterable, and an array only if `arrays`. `undefined` for one
 * value: bytes, strings, and whatever has a `toJSON`. Throws if the value's own getters do.
 */
export function flowOf(value: unknown, arrays: boolean): Flow | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) return arrays ? new IteratorFlow(each(value)) : undefined;
  const source = value as Partial<Source>;
  if (typeof source.subscribe === 'function') return new ObservableFlow(source as Source);
  if (typeof source[interop] === 'function') return new ObservableFlow(source[interop]());
  if (typeof source[Symbol.asyncIterator] === 'function')
    return new IteratorFlow((source as Source)[Symbol.asyncIterator]());
  if (typeof source[Symbol.iterator] !== 'function' || typeof source.toJSON === 'function') return undefined;
  return new IteratorFlow(each(source as Source));
}

// What RxJS calls `Symbol.observable`: a string where the symbol does not exist.
const interop = observable as '@@observable';

interface Source extends Subscribable<unknown>, AsyncIterable<unknown>, Iterable<unknown> {
  [interop](): Subscribable<unknown>;
  toJSON(): unknown;
}

/** Awaits items that are promises, and closes the iterable, as `for await` does. */
async function* each(items: Iterable<unknown>): AsyncGenerator {
  yield* items;
}
