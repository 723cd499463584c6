import type { Outgoing } from './outgoing.js';

/** Peers for whom a part is kept at least: so many that take nothing may come before there are more. */
const leastPeers = 16;

/**
 * Bytes that all peers of a process share. Half of them goes to whoever comes first, but for each peer no more than it
 * leaves free there. The other half is kept for those that hold little: while no peers come or go, one that holds no more
 * than its even part of it is never refused, whatever the others hold and for how long.
 */
export class Budget {
  #used = 0;
  #peers = 0;
  #part: number;
  readonly #alone: boolean;
  readonly #waiting = new Set<() => void>();
  /** What goes to whoever comes first. */
  readonly shared: number;

  /** `alone`: there is one peer and never another, so it may have all. */
  constructor(
    readonly bytes: number,
    alone = false,
  ) {
    this.shared = bytes / 2;
    this.#alone = alone;
    this.#part = this.#evenPart;
  }

  get used(): number {
    return this.#used;
  }

  /** What is kept for each peer. */
  get part(): number {
    return this.#part;
  }

  /**
   * For its holdings: whether a peer may hold so much when so much is used. `exempt`: it takes the place of something,
   * or nothing else is held at all, so that what is larger than any part passes too.
   */
  admits(own: number, used: number, exempt: boolean): boolean {
    return own <= this.shared - used || (used <= this.bytes && (own <= this.#part || exempt));
  }

  open(): Holding {
    this.#count(1);
    return new Holding(this);
  }

  /** For its holdings. */
  count(bytes: number): void {
    this.#used += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.#wake();
  }

  /** Calls `wake` once, when bytes are given back or parts grow. It must not take any at once. */
  whenFreed(wake: () => void): void {
    this.#waiting.add(wake);
  }

  /** For its holdings. */
  leave(): void {
    this.#count(-1);
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #count(change: 1 | -1): void {
    this.#peers += change;
    this.#part = this.#evenPart;
  }

  get #evenPart(): number {
    return this.#alone ? this.bytes : this.bytes / 2 / Math.max(leastPeers, this.#peers);
  }
}

/** What one peer holds of a budget. */
export class Holding {
  #bytes = 0;
  #closed = false;

  /** Made by `Budget.open`. */
  constructor(readonly budget: Budget) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** It holds more than it could still get. */
  get over(): boolean {
    const { part, shared, used } = this.budget;
    return this.#bytes > part && this.#bytes > shared - used;
  }

  /**
   * Whether there is room for so many bytes. `cost`: what of them is not held already, by others; `givenUp`: what this
   * peer has dropped for them, so that it holds no more than before.
   */
  admits(bytes: number, cost = bytes, givenUp = 0): boolean {
    const own = this.#bytes + bytes;
    const used = this.budget.used + cost;
    if (own <= this.budget.shared - used) return true;
    return this.budget.admits(own, used, givenUp >= bytes || used === cost);
  }

  /** Whether it would, if this peer gave up so many of its bytes and nobody else held any of them. */
  wouldAdmit(bytes: number, givenUp: number): boolean {
    const own = this.#bytes - givenUp + bytes;
    const used = this.budget.used - givenUp + bytes;
    return this.budget.admits(own, used, givenUp >= bytes || used === bytes);
  }

  /** The same for a message, whose payload others may hold already. */
  admitsMessage({ bytes, shared }: Outgoing, givenUp = 0): boolean {
    return this.admits(bytes, shared !== undefined && shared.holders > 0 ? 0 : bytes, givenUp);
  }

  /** Takes so many bytes, or none. */
  take(bytes: number): boolean {
    const taken = this.admits(bytes);
    if (taken) this.#count(bytes);
    return taken;
  }

  give(bytes: number): void {
    this.#count(-bytes);
  }

  /** Holds a data frame, whether there is room or not. A payload that others hold too counts for each of them, and once in all. */
  hold({ bytes, shared }: Outgoing): void {
    this.#bytes += bytes;
    if (shared === undefined || shared.holders++ === 0) this.budget.count(bytes);
  }

  release({ bytes, shared }: Outgoing): void {
    this.#bytes -= bytes;
    if (shared === undefined || --shared.holders === 0) this.budget.count(-bytes);
  }

  /** Its part goes to the others. What it still holds counts until it is released. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.budget.leave();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.budget.count(bytes);
  }
}
