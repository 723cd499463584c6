import { defer, Observable, observable, type Subscribable, tap } from 'rxjs';
import { codeOf, ok } from './outcome.js';

/** Told when a stream is first read. Gives what is to be told how it ended, once or more often. */
export type Opened = () => (outcome: string) => void;

/** Why a stream was left before its end, as a label. */
export type Left = () => string;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  return typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

/** The same promise, seen on its way. Its rejection stays with whoever holds the new one. */
export const watchedPromise = <T>(
  promise: PromiseLike<T>,
  passing: (value: T) => unknown,
  failed: (thrown: unknown) => void,
): Promise<unknown> =>
  // Not `.then(...)`: a promise can have a `then` of its own that calls back twice.
  Promise.prototype.then.call(Promise.resolve(promise), passing, (thrown) => {
    failed(thrown);
    throw thrown;
  });

/**
 * The stream that a handler's result is, with the same items, its beginning and its end seen: of an observable or an
 * iterable; an array, and what has a `toJSON`, is a value. `undefined` for a value. Throws if its own getters do.
 */
export function watchedStream(result: object, opened: Opened, left: Left): object | undefined {
  if (Array.isArray(result) || ArrayBuffer.isView(result)) return undefined;
  const source = result as Partial<Source>;
  if (typeof source.subscribe === 'function') return watchedObservable(source as Source, opened, left);
  if (typeof source[interop] === 'function')
    return watchedObservable((source as Source)[interop](), opened, left);
  if (typeof source[Symbol.asyncIterator] === 'function')
    return {
      [Symbol.asyncIterator]: () =>
        watchedIterator((source as Source)[Symbol.asyncIterator](), opened(), left),
    };
  if (typeof source[Symbol.iterator] !== 'function' || typeof source.toJSON === 'function') return undefined;
  return { [Symbol.iterator]: () => watchedIterator((source as Source)[Symbol.iterator](), opened(), left) };
}

// What RxJS calls `Symbol.observable`: a string where the symbol does not exist.
const interop = observable as '@@observable';

interface Source extends Subscribable<unknown>, AsyncIterable<unknown>, Iterable<unknown> {
  [interop](): Subscribable<unknown>;
  toJSON(): unknown;
}

const watchedObservable = (source: Subscribable<unknown>, opened: Opened, left: Left): Observable<unknown> =>
  defer(() => {
    const ended = opened();
    return new Observable((subscriber) => source.subscribe(subscriber)).pipe(
      tap({
        complete: () => ended(ok),
        error: (thrown) => ended(codeOf(thrown)),
        unsubscribe: () => ended(left()),
      }),
    );
  });

/**
 * Passes each call on at once, as a generator around it would not: `return` must reach an iterator whose `next` is
 * still pending, since that is how it learns that nobody waits any more.
 */
function watchedIterator<Step>(
  inner: Steps<Step>,
  ended: (outcome: string) => void,
  left: Left,
): Steps<Step> {
  let leaving = false;
  const failed = (thrown: unknown) => ended(codeOf(thrown));
  const passed = (call: () => Step, last = false): Step => {
    leaving ||= last;
    const seen = (step: unknown) => {
      if (last || (step as Partial<IteratorResult<unknown>> | undefined)?.done) ended(leaving ? left() : ok);
      return step;
    };
    try {
      const step = call();
      return (isThenable(step) ? watchedPromise(step, seen, failed) : seen(step)) as Step;
    } catch (thrown) {
      failed(thrown);
      throw thrown;
    }
  };
  const { return: end, throw: fail } = inner;
  return {
    next: (...input) => passed(() => inner.next(...input)),
    ...(end && { return: (...input) => passed(() => end.apply(inner, input), true) }),
    ...(fail && { throw: (...input) => passed(() => fail.apply(inner, input), true) }),
  };
}

/** An iterator, whether it gives its steps at once or as promises. */
interface Steps<Step> {
  next(...input: [] | [undefined]): Step;
  return?(value?: unknown): Step;
  throw?(thrown?: unknown): Step;
}
