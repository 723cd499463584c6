import type { Offered, Outgoing, OverflowRule } from './outgoing.js';
import { Publishes } from './publishes.js';
import { Turns } from './turns.js';
import type { TypeQueue } from './type-queue.js';

/** How much may wait to be sent. */
export interface BacklogOptions {
  readonly capacity: number;
  readonly capacityBytes: number;
  /** How many more may wait under the rule `wait`; together they may take as many bytes again as `capacityBytes`. */
  readonly maxWaiting: number;
}

/**
 * Messages that wait to be sent, and what happens when there are too many. Those of a type keep their order, the types
 * take turns, one message each. A type that is held waits apart, under the same bounds. Every step is O(1) amortised.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #turns = new Turns();
  readonly #publishes = new Publishes();
  #length = 0;
  #bytes = 0;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Types that it has a queue for. */
  get types(): number {
    return this.#turns.types;
  }

  /** How many messages it has memory for. */
  get places(): number {
    return this.#publishes.places + this.#turns.places;
  }

  /** How many messages fit before a rule has to decide. */
  get room(): number {
    const { capacity, capacityBytes } = this.#options;
    return this.#length === 0 || this.#bytes < capacityBytes ? capacity - this.#length : 0;
  }

  /** The next to leave; undefined also if everything that waits is held. */
  get front(): Outgoing | undefined {
    return this.#turns.next?.front;
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
    const otherBytes = this.#bytes - this.#publishes.bytes;
    if (rule === 'drop-newest' || !this.#fits(others, otherBytes, bytes, capacity, capacityBytes))
      return 'dropped';
    this.#dropOldest();
    while (!this.#fits(this.#length, this.#bytes, bytes, capacity, capacityBytes)) this.#dropOldest();
    this.#push(outgoing);
    return 'dropped-oldest';
  }

  shift(): Outgoing | undefined {
    const queue = this.#turns.next;
    if (queue === undefined) return undefined;
    const outgoing = queue.shift();
    this.#forget(outgoing, queue);
    this.#turns.pass(queue);
    return outgoing;
  }

  /** Takes a message out from the middle. Costs its distance from the nearer end of what waits of its type. */
  remove(outgoing: Outgoing): boolean {
    const queue = this.#turns.find(typeOf(outgoing));
    if (queue?.remove(outgoing) !== true) return false;
    this.#forget(outgoing, queue);
    this.#turns.settle(queue);
    return true;
  }

  /**
   * The peer wants no more of this type, or wants it again. A hold on a type beyond 1,024, or on a name that no type
   * can have, is not heeded: such messages go on leaving as long as there is credit.
   */
  hold(type: string, held: boolean): void {
    this.#turns.hold(type, held);
  }

  /** For the sender itself: messages of this type wait until the one that is under way has left. Of few types at a time. */
  busy(type: string, busy: boolean): void {
    this.#turns.busy(type, busy);
  }

  /** No type is held any more: the peer says anew which are. */
  releaseAll(): void {
    this.#turns.releaseAll();
  }

  /** Takes everything out, type by type in order. What is held stays held. */
  clear(): Outgoing[] {
    this.#publishes.clear();
    this.#length = this.#bytes = 0;
    return this.#turns.clear();
  }

  /** A message larger than the whole capacity passes when nothing else waits. */
  #fits(length: number, queued: number, bytes: number, capacity: number, capacityBytes: number): boolean {
    return length === 0 ? capacity > 0 : length < capacity && queued + bytes <= capacityBytes;
  }

  #push(outgoing: Outgoing): void {
    const queue = this.#turns.of(typeOf(outgoing));
    queue.push(outgoing);
    if (!queue.listed) this.#turns.settle(queue);
    if (!outgoing.kept) this.#publishes.add(queue, outgoing.bytes);
    this.#length += 1;
    this.#bytes += outgoing.bytes;
  }

  #forget({ bytes, kept }: Outgoing, queue: TypeQueue): void {
    this.#length -= 1;
    this.#bytes -= bytes;
    if (!kept) this.#publishes.remove(queue, bytes);
  }

  #dropOldest(): void {
    const queue = this.#publishes.oldest as TypeQueue;
    this.#forget(queue.dropOldest(), queue);
    this.#turns.settle(queue);
  }
}

const typeOf = ({ frame }: Outgoing): string => (frame.kind === 'message' ? frame.type : '');
