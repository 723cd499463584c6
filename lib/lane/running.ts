import { from, Observable, type ObservableInput, type Subscriber, type Subscription } from 'rxjs';
import type { Account } from './ledger.js';

/** The lane's side of it. */
export interface Ends<W> {
  ended(work: W, account: Account): void;
  failed(work: W, thrown: unknown): void;
}

/** A work that runs asynchronously, and where its values go. */
export class Running<W, O> {
  #slot: Subscriber<O> | undefined;
  #subscription: Subscription | undefined;
  #over = false;
  readonly #work: W;
  readonly #account: Account;
  readonly #result: ObservableInput<O>;
  readonly #lane: Ends<W>;

  constructor(work: W, account: Account, result: ObservableInput<O>, lane: Ends<W>) {
    this.#work = work;
    this.#account = account;
    this.#result = result;
    this.#lane = lane;
  }

  /** What `mergeMap` runs. Never errors: one rejecting inner would end every other. */
  readonly values$ = new Observable<O>((slot) => {
    this.#slot = slot;
    try {
      this.#follow(this.#result);
    } catch (thrown) {
      this.#fail(thrown);
    }
    // A promise has nothing to unsubscribe from; nor has what is over already.
    if (this.#subscription === undefined || this.#over) return;
    return () => {
      if (!this.#over) this.#subscription?.unsubscribe();
    };
  });

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
    this.#subscription = from(result).subscribe({
      next: (value) => this.#slot?.next(value),
      error: (thrown) => this.#fail(thrown),
      complete: () => this.#end(),
    });
  }

  #fail(thrown: unknown): void {
    this.#end();
    this.#lane.failed(this.#work, thrown);
  }

  /** `mergeMap` first: its slot is free before the lane counts it as free, so its buffer stays empty. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#slot?.complete();
    this.#slot = undefined;
    this.#lane.ended(this.#work, this.#account);
  }
}
