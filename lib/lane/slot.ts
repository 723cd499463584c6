import { Observable, type Subscriber } from 'rxjs';
import type { Account } from './ledger.js';

/** Hears what a work that goes on gives. */
export interface Listener<O> {
  value(output: O): void;
  /** Last, once. */
  ended(): void;
}

/** A work that goes on. It never fails: failures are values. */
export interface Ongoing<O> {
  /** Tells everything, also what came before; called once. */
  follow(listener: Listener<O>): void;
  /** Nobody listens any more. */
  leave(): void;
}

/** The lane's side of it. */
export interface Ends<W, O> {
  ended(work: W, account: Account, slot: Slot<W, O>): void;
  failed(work: W, thrown: unknown): void;
}

/** What `mergeMap` runs: a place for one work at a time, for as long as there is one to follow the one before. */
export class Slot<W, O> implements Listener<O> {
  #output: Subscriber<O> | undefined;
  #work: W | undefined;
  #account: Account | undefined;
  #ongoing: Ongoing<O> | undefined;
  readonly #lane: Ends<W, O>;

  constructor(
    lane: Ends<W, O>,
    /** Beyond the lane's `concurrency`. */
    readonly lent: boolean,
  ) {
    this.#lane = lane;
  }

  /** Never errors: one rejecting inner would end every other. */
  readonly values$ = new Observable<O>((output) => {
    this.#output = output;
    return () => {
      this.#ongoing?.leave();
      // To the lane it has: nothing of it counts any more.
      this.ended();
    };
  });

  /** Runs what `start` starts; to be called while nothing runs here. */
  run(work: W, account: Account, start: (work: W) => readonly O[] | Ongoing<O> | undefined): void {
    let result: readonly O[] | Ongoing<O> | undefined;
    try {
      result = start(work);
      if (result !== undefined && 'follow' in result) {
        this.#work = work;
        this.#account = account;
        this.#ongoing = result;
        return result.follow(this);
      }
    } catch (thrown) {
      this.#clear();
      this.#lane.ended(work, account, this);
      return this.#lane.failed(work, thrown);
    }
    if (result !== undefined) for (const output of result) this.#output?.next(output);
    this.#lane.ended(work, account, this);
  }

  value(output: O): void {
    this.#output?.next(output);
  }

  ended(): void {
    const [work, account] = [this.#work, this.#account];
    if (work === undefined) return;
    this.#clear();
    this.#lane.ended(work, account as Account, this);
  }

  /** It may stay free for long: what it holds on to would, too. */
  #clear(): void {
    this.#work = undefined;
    this.#account = undefined;
    this.#ongoing = undefined;
  }

  /** Gives itself back to `mergeMap`. */
  close(): void {
    this.#output?.complete();
    this.#output = undefined;
  }
}
