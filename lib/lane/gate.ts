import { Ring } from './ring.js';

/** A flow of works that waits at a gate. */
export interface GateWaiter {
  /** A place is kept for it at `gate`. false: it has nothing to start any more, the next in line gets the place. */
  wake(gate: Gate): boolean;
}

/**
 * Lets at most `limit` of its works run at once: one per handler, one more with limit 1 per key. A place that frees
 * is kept for the flow that has waited longest, so that a newcomer cannot slip in front of it.
 */
export class Gate {
  readonly #waiters = new Ring<GateWaiter>();
  #running = 0;
  #kept = 0;
  #queued = 0;
  /** Stands in line for a slot beyond those of the lane; for `FirstSlots`. */
  noted = false;

  /** `part`: how much of a source's places may be taken by what waits here; only for the gate of a handler. */
  constructor(
    readonly limit: number,
    readonly part = 1 / 2,
  ) {}

  /** Works that run now. */
  get running(): number {
    return this.#running;
  }

  /** Works of all sources that wait for this gate or behind others that do. */
  get queued(): number {
    return this.#queued;
  }

  /** Flows in line here: one per source, and per key. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Nothing runs or waits here: a gate of a key may be forgotten. */
  get idle(): boolean {
    return this.#running === 0 && this.#queued === 0;
  }

  /** For the fair queue: a work was queued (1) or has left the queue (-1). */
  count(change: 1 | -1): void {
    this.#queued += change;
  }

  /** For the fair queue: whether a flow that holds a kept place at `kept` may enter here. */
  admits(kept: Gate | undefined): boolean {
    return kept === this || this.#running + this.#kept < this.limit;
  }

  enter(kept: Gate | undefined): void {
    if (kept === this) this.#kept -= 1;
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    this.#next();
  }

  /** Gives back a kept place that its flow cannot use. */
  pass(): void {
    this.#kept -= 1;
    this.#next();
  }

  park(flow: GateWaiter): void {
    this.#waiters.push(flow);
  }

  unpark(flow: GateWaiter): void {
    this.#waiters.remove(flow);
  }

  #next(): void {
    while (this.#waiters.length > 0 && this.#running + this.#kept < this.limit) {
      if (this.#waiters.shift()?.wake(this)) this.#kept += 1;
    }
  }
}
