import type { Offered, Outgoing, OverflowRule } from './outgoing.js';
import { Ring } from './ring.js';

/** How much may wait to be sent. */
export interface BacklogOptions {
  readonly capacity: number;
  readonly capacityBytes: number;
  /** How many more may wait under the rule `wait`; together they may take as many bytes again as `capacityBytes`. */
  readonly maxWaiting: number;
}

const holesKept = 32;

/** Messages that wait to be sent, in order, and what happens when there are too many. Every step is O(1) amortised. */
export class Backlog {
  readonly #options: BacklogOptions;
  /** null: dropped or withdrawn. The front is never null. */
  readonly #items = new Ring<Outgoing | null>();
  /** Where the publishes stand, counted from the first message ever. */
  readonly #publishes = new Ring<number>();
  #gone = 0;
  #length = 0;
  #bytes = 0;
  #publishBytes = 0;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many messages it has memory for. */
  get places(): number {
    return this.#items.places;
  }

  /** How many messages fit before a rule has to decide. */
  get room(): number {
    const { capacity, capacityBytes } = this.#options;
    return this.#length === 0 || this.#bytes < capacityBytes ? capacity - this.#length : 0;
  }

  get front(): Outgoing | undefined {
    return this.#items.at(0) ?? undefined;
  }

  offer(outgoing: Outgoing, rule: OverflowRule): Offered {
    const { capacity, capacityBytes, maxWaiting } = this.#options;
    const { bytes } = outgoing;
    if (this.#fits(this.#length, this.#bytes, bytes, capacity, capacityBytes)) {
      this.#push(outgoing);
      return 'queued';
    }
    if (
      rule === 'wait' &&
      this.#fits(this.#length, this.#bytes, bytes, capacity + maxWaiting, 2 * capacityBytes)
    ) {
      this.#push(outgoing);
      return 'queued';
    }
    if (rule === 'wait' || rule === 'reject') return 'full';
    const others = this.#length - this.#publishes.length;
    const otherBytes = this.#bytes - this.#publishBytes;
    if (rule === 'drop-newest' || !this.#fits(others, otherBytes, bytes, capacity, capacityBytes))
      return 'dropped';
    this.#dropOldest();
    while (!this.#fits(this.#length, this.#bytes, bytes, capacity, capacityBytes)) this.#dropOldest();
    this.#push(outgoing);
    return 'dropped-oldest';
  }

  shift(): Outgoing | undefined {
    const outgoing = this.#items.shift() ?? undefined;
    if (outgoing === undefined) return undefined;
    this.#gone += 1;
    if (!outgoing.kept) this.#publishes.shift();
    this.#count(outgoing, -1);
    this.#trim();
    return outgoing;
  }

  /** Takes a message out from the middle; costs as much as there is in front of it. */
  remove(outgoing: Outgoing): boolean {
    for (let index = 0; index < this.#items.length; index += 1) {
      if (this.#items.at(index) !== outgoing) continue;
      if (!outgoing.kept) this.#publishes.remove(this.#gone + index);
      this.#punch(index, outgoing);
      return true;
    }
    return false;
  }

  clear(): Outgoing[] {
    const taken = this.#items.clear().filter((outgoing) => outgoing !== null);
    this.#publishes.clear();
    this.#gone = this.#length = this.#bytes = this.#publishBytes = 0;
    return taken;
  }

  /** A message larger than the whole capacity passes when nothing else waits. */
  #fits(length: number, queued: number, bytes: number, capacity: number, capacityBytes: number): boolean {
    return length === 0 ? capacity > 0 : length < capacity && queued + bytes <= capacityBytes;
  }

  #push(outgoing: Outgoing): void {
    if (!outgoing.kept) this.#publishes.push(this.#gone + this.#items.length);
    this.#items.push(outgoing);
    this.#count(outgoing, 1);
  }

  #dropOldest(): void {
    const index = (this.#publishes.shift() as number) - this.#gone;
    this.#punch(index, this.#items.at(index) as Outgoing);
  }

  #count(outgoing: Outgoing, change: 1 | -1): void {
    this.#length += change;
    this.#bytes += change * outgoing.bytes;
    if (!outgoing.kept) this.#publishBytes += change * outgoing.bytes;
  }

  #punch(index: number, outgoing: Outgoing): void {
    this.#items.set(index, null);
    this.#count(outgoing, -1);
    this.#trim();
    const holes = this.#items.length - this.#length;
    if (holes > holesKept && holes > this.#length) this.#compact();
  }

  #trim(): void {
    while (this.#items.at(0) === null) {
      this.#items.shift();
      this.#gone += 1;
    }
  }

  /** Closes the holes behind a front that cannot leave, or dropping would make the ring grow for ever. */
  #compact(): void {
    for (const outgoing of this.clear()) this.#push(outgoing);
  }
}
