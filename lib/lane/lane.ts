import { mergeMap, Observable, Subject, type Subscriber } from 'rxjs';
import type { Totals } from '../frame/frame.js';
import type { Clock } from '../time/clock.js';
import { FairQueue } from './fair-queue.js';
import { type Account, Ledger } from './ledger.js';
import { type Ends, type Ongoing, Slot } from './slot.js';
import { LaneSource } from './source.js';
import { Standstill } from './standstill.js';
import type { Work } from './work.js';

export interface LaneOptions<W extends Work, O> {
  /**
   * Works that run at once, of all sources together. In a lane that stood still, one more for each handler of which
   * none runs: they may wait for it.
   */
  readonly concurrency: number;
  /**
   * Messages that may be granted and unsent or queued, of all sources together; more if there are too many `sources`,
   * and one more for each type that a source is told to hold while nothing is left.
   */
  readonly capacity: number;
  /** The same in bytes, with what runs; each source may go over it by part of one message. */
  readonly capacityBytes: number;
  /**
   * How many sources a first grant is kept for, whatever the others do; 5/8 of `capacity` by default. With one single
   * source say so, and it can use nearly everything. Where there are more, each still gets its turn, and may go over
   * the capacity by its least grant: half of an even share, one message by default.
   */
  readonly sources?: number;
  readonly clock: Clock;
  /**
   * Starts a work. undefined: it has ended and has nothing to tell; an array: it has ended with these values; else
   * it ends when this does. Failures are values: what it throws goes to `onFailure`.
   */
  run(work: W): readonly O[] | Ongoing<O> | undefined;
  /** The safety net: `run` failed for this work. Its slot is free again. Must not throw. */
  onFailure(work: W, thrown: unknown): void;
}

const worksPerQuantum = 256;
const quantumMs = 2;
// Asking the time costs as much as the rest of a small work.
const worksPerLook = 4;

/**
 * Runs the works of many sources: a bounded, fair queue in front of `mergeMap`. One per process. Starts nothing in the
 * turn in which a work is admitted, and no more than a quantum (256 works, 2 ms) without letting input be read.
 */
export class Lane<W extends Work, O> {
  /** What the works tell. Runs while it is subscribed, once, by the lane's owner. */
  readonly outputs$: Observable<O>;
  readonly #options: LaneOptions<W, O>;
  readonly #queue = new FairQueue<W, Account>();
  readonly #ledger: Ledger;
  readonly #standstill: Standstill;
  readonly #slots$ = new Subject<Slot<W, O>>();
  /** Those beyond `concurrency`, in a lane that stood still. */
  readonly #lent$ = new Subject<Slot<W, O>>();
  readonly #ends: Ends<W, O> = {
    ended: (work, account, slot) => this.#end(work, account, slot),
    failed: (work, thrown) => this.#options.onFailure(work, thrown),
  };
  /** Slots whose work has ended, for what starts next: to open one costs more than to run a short work. */
  readonly #free: Slot<W, O>[] = [];
  #output: Subscriber<O> | undefined;
  #inFlight = 0;
  #scheduled = false;
  #pumping = false;
  #closed = false;
  #left = 0;
  #quantumEnd = 0;

  constructor(options: LaneOptions<W, O>) {
    const { concurrency, capacity, capacityBytes, sources = Math.ceil((capacity * 5) / 8) } = options;
    this.#options = options;
    this.#standstill = new Standstill(options.clock, this.#wakeSoon);
    this.#ledger = new Ledger({ capacity, capacityBytes, sources });
    this.outputs$ = new Observable((output) => {
      this.#output = output;
      this.#slots$.pipe(mergeMap(({ values$ }) => values$, concurrency)).subscribe(output);
      this.#lent$.pipe(mergeMap(({ values$ }) => values$)).subscribe(output);
      this.#wakeSoon();
      return () => this.close();
    });
  }

  get queued(): number {
    return this.#queue.works;
  }

  /** Works that hold a slot. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Granted and unspent, plus queued, plus running (bytes only). */
  get reserved(): Totals {
    return this.#ledger.used;
  }

  /** Bytes of works that wait or run. */
  get heldBytes(): number {
    return this.#ledger.heldBytes;
  }

  /**
   * A new source, with its first grant. `onGrant` tells every later one, as an absolute limit; `onHold` which message
   * types its sender is to keep back, and which no more.
   */
  source(
    onGrant: (limit: Totals) => void,
    onHold: (type: string, held: boolean) => void = () => {},
  ): LaneSource<W> {
    return new LaneSource(this.#queue, this.#ledger, onGrant, onHold, this.#wakeSoon);
  }

  /** Ends every work that runs, and completes the outputs. What is queued stays where it is, for its sources to clear. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#standstill.close();
    this.#output?.complete();
    this.#output?.unsubscribe();
  }

  readonly #wakeSoon = (): void => {
    if (this.#scheduled || this.#pumping || this.#closed) return;
    this.#scheduled = true;
    this.#options.clock.soon(this.#newQuantum);
  };

  /** A slot is free: go on at the end of the turn while the quantum lasts, so that n = 1 costs no turn per work. */
  #wakeWithinQuantum(): void {
    if (this.#scheduled || this.#pumping || this.#closed) return;
    const { clock } = this.#options;
    if (this.#left === 0 || clock.now() > this.#quantumEnd) this.#wakeSoon();
    else {
      this.#scheduled = true;
      clock.atTurnEnd(this.#pump);
    }
  }

  readonly #newQuantum = (): void => {
    this.#left = worksPerQuantum;
    this.#quantumEnd = this.#options.clock.now() + quantumMs;
    this.#pump();
  };

  readonly #pump = (): void => {
    this.#scheduled = false;
    if (this.#closed || this.#output === undefined) return;
    const { clock, concurrency } = this.#options;
    this.#pumping = true;
    try {
      while (this.#left > 0 && this.#inFlight < concurrency && this.#queue.take(this.#start)) {
        this.#left -= 1;
        if (this.#left % worksPerLook === 0 && clock.now() > this.#quantumEnd) this.#left = 0;
      }
      if (this.#isStill()) this.#relieve();
      this.#ledger.settle();
    } finally {
      this.#pumping = false;
      if (this.#inFlight < concurrency ? this.#queue.ready : this.#standstill.relieved && this.#isStill())
        this.#wakeSoon();
    }
  };

  /** All slots are taken, and a handler that runs nothing has something to do. */
  readonly #isStill = (): boolean =>
    !this.#closed && this.#inFlight >= this.#options.concurrency && this.#queue.firstReady;

  /** Starts what those that run may wait for. */
  #relieve(): void {
    const still = this.#standstill;
    if (!still.relieved) return still.watch(this.#isStill);
    while (this.#left > 0 && this.#isStill() && this.#queue.takeFirst(this.#start)) {
      this.#left -= 1;
      still.relieve();
    }
  }

  readonly #start = (work: W, account: Account): void => {
    this.#inFlight += 1;
    this.#ledger.start(account, work.bytes);
    const slot =
      this.#inFlight > this.#options.concurrency ? this.#open(true) : (this.#free.pop() ?? this.#open(false));
    slot.run(work, account, this.#options.run);
  };

  #open(lent: boolean): Slot<W, O> {
    const slot = new Slot<W, O>(this.#ends, lent);
    (lent ? this.#lent$ : this.#slots$).next(slot);
    return slot;
  }

  #end(work: W, account: Account, slot: Slot<W, O>): void {
    this.#inFlight -= 1;
    this.#standstill.ended();
    this.#queue.leave(work);
    this.#ledger.end(account, work.bytes);
    if (slot.lent) slot.close();
    else this.#free.push(slot);
    this.#wakeWithinQuantum();
  }
}
