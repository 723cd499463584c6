import { from, mergeMap, Observable, type ObservableInput, type Subscriber, Subscription } from 'rxjs';

/** A work that runs asynchronously, and where its values go. */
export class Running<O> {
  #slot: Subscriber<O> | undefined;
  #ended = false;
  #work: Subscription | undefined;
  readonly #result: ObservableInput<O>;
  readonly #onEnd: () => void;
  readonly #onFailure: (thrown: unknown) => void;

  constructor(result: ObservableInput<O>, onEnd: () => void, onFailure: (thrown: unknown) => void) {
    this.#result = result;
    this.#onEnd = onEnd;
    this.#onFailure = onFailure;
  }

  /** What `mergeMap` runs. Never errors: one rejecting inner would end every other. */
  readonly values$ = new Observable<O>((slot) => {
    this.#slot = slot;
    try {
      this.#follow(this.#result);
    } catch (thrown) {
      this.#fail(thrown);
    }
    return () => {
      if (!this.#ended) this.#work?.unsubscribe();
    };
  });

  /**
   * Frees its slot now. What it still emits goes nowhere, and its subscription, which is returned, lives on until
   * the work settles or somebody ends it.
   */
  release(): Subscription {
    this.#end();
    return this.#work ?? Subscription.EMPTY;
  }

  #follow(result: ObservableInput<O>): void {
    // Most handlers give a promise: `from` would make three objects more of it.
    if (result instanceof Promise) {
      result.then(
        (value: O) => {
          this.#slot?.next(value);
          this.#end();
        },
        (thrown: unknown) => this.#fail(thrown),
      );
      return;
    }
    this.#work = from(result).subscribe({
      next: (value) => this.#slot?.next(value),
      error: (thrown) => this.#fail(thrown),
      complete: () => this.#end(),
    });
  }

  #fail(thrown: unknown): void {
    this.#end();
    this.#onFailure(thrown);
  }

  /** `mergeMap` first: its slot is free before the lane counts it as free, so its buffer stays empty. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#slot?.complete();
    this.#slot = undefined;
    this.#onEnd();
  }
}

/** The inside of the lane: at most `concurrency` at once. It must be fed only while a slot is free. */
export const mergeRunning = <O>(running$: Observable<Running<O>>, concurrency: number): Observable<O> =>
  running$.pipe(mergeMap((running) => running.values$, concurrency));
