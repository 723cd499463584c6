import type { Outgoing } from './outgoing.js';
import { Ring } from './ring.js';

const holesKept = 32;

/** The messages of one type that wait to leave, in order. Every step but `remove` is O(1) amortised. */
export class TypeQueue {
  /** Why it may not leave: the peer holds the type, or a large one of it leaves. */
  held = false;
  busy = false;
  /** Stands in the round. */
  listed = false;
  /** Its entries in the order of publishes that stand for none of those here; for `Publishes`. */
  stale = 0;
  /** null: dropped or withdrawn. Neither end is null. */
  readonly #items = new Ring<Outgoing | null>();
  /** Where the publishes stand, counted from the first message ever. */
  readonly #publishes = new Ring<number>();
  #gone = 0;
  #length = 0;

  constructor(readonly type: string) {}

  get length(): number {
    return this.#length;
  }

  /** How many messages it has memory for. */
  get places(): number {
    return this.#items.places;
  }

  get mayLeave(): boolean {
    return this.#length > 0 && !this.held && !this.busy;
  }

  get front(): Outgoing | undefined {
    return this.#items.at(0) ?? undefined;
  }

  push(outgoing: Outgoing): void {
    if (!outgoing.kept) this.#publishes.push(this.#gone + this.#items.length);
    this.#items.push(outgoing);
    this.#length += 1;
  }

  /** There must be one. */
  shift(): Outgoing {
    const outgoing = this.#items.shift() as Outgoing;
    this.#gone += 1;
    this.#length -= 1;
    if (!outgoing.kept) this.#publishes.shift();
    if (this.#items.length > this.#length) this.#trim();
    return outgoing;
  }

  /** Takes out the publish that has waited longest; there must be one. */
  dropOldest(): Outgoing {
    const index = (this.#publishes.shift() as number) - this.#gone;
    const outgoing = this.#items.at(index) as Outgoing;
    this.#punch(index);
    return outgoing;
  }

  /** Looks from both ends at once: who gives up many, gives up the newest or the oldest first. */
  remove(outgoing: Outgoing): boolean {
    const items = this.#items;
    for (let front = 0, back = items.length - 1; front <= back; front += 1, back -= 1) {
      const index = items.at(front) === outgoing ? front : items.at(back) === outgoing ? back : -1;
      if (index < 0) continue;
      if (!outgoing.kept) this.#publishes.remove(this.#gone + index);
      this.#punch(index);
      return true;
    }
    return false;
  }

  clear(): Outgoing[] {
    const taken = this.#items.clear().filter((outgoing) => outgoing !== null);
    this.#publishes.clear();
    this.#gone = this.#length = 0;
    return taken;
  }

  #punch(index: number): void {
    this.#items.set(index, null);
    this.#length -= 1;
    this.#trim();
    const holes = this.#items.length - this.#length;
    if (holes > holesKept && 2 * holes > this.#length) this.#compact();
  }

  #trim(): void {
    const items = this.#items;
    while (items.at(0) === null) {
      items.shift();
      this.#gone += 1;
    }
    while (items.length > 0 && items.at(items.length - 1) === null) items.pop();
  }

  /** Closes the holes behind a front that cannot leave, or dropping would make the ring grow for ever. */
  #compact(): void {
    for (const outgoing of this.clear()) this.push(outgoing);
  }
}
