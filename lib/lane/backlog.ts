import type { Holding } from './budget.js';
import { unbounded } from './memory.js';
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
  readonly #holding: Holding;
  readonly #turns = new Turns();
  readonly #publishes = new Publishes();
  #length = 0;
  #bytes = 0;

  /** `holding`: of the memory of the process; what waits is held there, and stays so when it leaves. */
  constructor(options: BacklogOptions, holding: Holding = unbounded().messages.open()) {
    this.#options = options;
    this.#holding = holding;
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
    return this.#holding.admits(1) ? this.#places : 0;
  }

  /** Whether one more, however small, would have a place here, if the process has memory for it. */
  get hasPlace(): boolean {
    return this.#places > 0;
  }

  get #places(): number {
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
    const fits =
      this.#fits(this.#length, this.#bytes, bytes, capacity, capacityBytes) ||
      (rule === 'wait' &&
        this.#fits(this.#length, this.#bytes, bytes, capacity + maxWaiting, 2 * capacityBytes));
    if (fits && this.#holding.admitsMessage(outgoing)) {
      this.put(outgoing);
      return 'queued';
    }
    if (rule === 'wait' || rule === 'reject') return fits ? 'out-of-memory' : 'full';
    return rule === 'drop-oldest' ? this.#inPlaceOfOldest(outgoing) : 'dropped';
  }

  /** Takes what was here before, whether there is room or not. */
  put(outgoing: Outgoing): void {
    const queue = this.#turns.of(typeOf(outgoing));
    queue.push(outgoing);
    if (!queue.listed) this.#turns.settle(queue);
    if (!outgoing.kept) this.#publishes.add(queue, outgoing.bytes);
    this.#length += 1;
    this.#bytes += outgoing.bytes;
    this.#holding.hold(outgoing);
  }

  /**
   * Drops nothing where that would not be enough. Dropping what others hold too frees no memory, and nobody can say
   * whether they will: who gives up as much as it takes needs room in all of it, not in its own part alone.
   */
  #inPlaceOfOldest(outgoing: Outgoing): Offered {
    const { capacity, capacityBytes } = this.#options;
    const { bytes } = outgoing;
    const others = this.#length - this.#publishes.length;
    const otherBytes = this.#bytes - this.#publishes.bytes;
    if (!this.#fits(others, otherBytes, bytes, capacity, capacityBytes)) return 'dropped';
    if (!this.#holding.wouldAdmit(bytes, this.#publishes.bytes)) return 'dropped';
    for (let givenUp = 0; ; givenUp += this.#dropOldest()) {
      const fits = this.#fits(this.#length, this.#bytes, bytes, capacity, capacityBytes);
      if (fits && this.#holding.admitsMessage(outgoing, givenUp)) break;
      if (this.#publishes.length === 0) return 'dropped';
    }
    this.put(outgoing);
    return 'dropped-oldest';
  }

  /** Takes the next one out; its bytes stay held until whoever gets it releases them. */
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
    this.#holding.release(outgoing);
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
    const taken = this.#turns.clear();
    for (const outgoing of taken) this.#holding.release(outgoing);
    return taken;
  }

  /** A message larger than the whole capacity passes when nothing else waits. */
  #fits(length: number, queued: number, bytes: number, capacity: number, capacityBytes: number): boolean {
    return length === 0 ? capacity > 0 : length < capacity && queued + bytes <= capacityBytes;
  }

  #forget({ bytes, kept }: Outgoing, queue: TypeQueue): void {
    this.#length -= 1;
    this.#bytes -= bytes;
    if (!kept) this.#publishes.remove(queue, bytes);
  }

  /** Gives its bytes. */
  #dropOldest(): number {
    const queue = this.#publishes.oldest as TypeQueue;
    const dropped = queue.dropOldest();
    this.#forget(dropped, queue);
    this.#holding.release(dropped);
    this.#turns.settle(queue);
    return dropped.bytes;
  }
}

const typeOf = ({ frame }: Outgoing): string => (frame.kind === 'message' ? frame.type : '');
