import { Observable, type Observer, type Operator, Subject, Subscriber, type Subscription } from 'rxjs';

/**
 * An observable whose subscribers cannot hurt anybody: what one throws, and an error that it does not handle, goes to
 * `onThrow` instead of ending the process (RxJS rethrows both on a timer of its own). Holds through `pipe` too.
 */
class Isolated<T> extends Observable<T> {
  constructor(
    origin: Observable<unknown>,
    private readonly onThrow: (thrown: unknown) => void,
  ) {
    super();
    this.source = origin;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Isolated<R>(this, this.onThrow);
    lifted.operator = operator as unknown as Operator<unknown, R>;
    return lifted;
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((thrown: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const observer =
      typeof observerOrNext === 'function' || !observerOrNext
        ? { next: observerOrNext ?? undefined, error: error ?? undefined, complete: complete ?? undefined }
        : observerOrNext;
    const guard =
      <A extends unknown[]>(call: (...args: A) => void) =>
      (...args: A) => {
        try {
          call(...args);
        } catch (thrown) {
          this.onThrow(thrown);
        }
      };
    return super.subscribe({
      next: guard((value) => observer.next?.(value)),
      error: guard((thrown) => (observer.error ? observer.error(thrown) : this.onThrow(thrown))),
      complete: guard(() => observer.complete?.()),
    });
  }
}

/** Wraps `source$` so that no subscriber can hurt the process or another subscriber. */
export const isolated = <T>(source$: Observable<T>, onThrow: (thrown: unknown) => void): Observable<T> =>
  new Isolated<T>(source$, onThrow);

/** A source of events whose subscribers are isolated from the bus and from each other. */
export class Feed<T> {
  readonly #subject = new Subject<T>();
  readonly events$: Observable<T>;

  constructor(onThrow: (thrown: unknown) => void) {
    this.events$ = isolated(this.#subject, onThrow);
  }

  emit(event: T): void {
    this.#subject.next(event);
  }

  close(): void {
    this.#subject.complete();
  }
}
