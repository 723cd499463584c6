import type { Outgoing } from './outgoing.js';
import { Ring } from './ring.js';
import { TypeQueue } from './type-queue.js';

/** Queues that are kept though empty: making one costs more than a message. */
const idleKept = 64;
/** What a peer may make us remember; a name is as long as one of a message type may be. */
const maxHolds = 1_024;
const maxTypeLength = 255;

/** The queues of all message types that wait, and whose turn it is: one message each, of the types that may leave. */
export class Turns {
  #queues: Map<string, TypeQueue> | undefined;
  /**
   * The queues in turn. The first may leave, unless it stands there alone; others may have been held or emptied since
   * they were listed.
   */
  readonly #round = new Ring<TypeQueue>();
  #last: TypeQueue | undefined;
  #holds = 0;

  /** Types that there is a queue for. */
  get types(): number {
    return this.#queues?.size ?? 0;
  }

  /** How many messages there is memory for. */
  get places(): number {
    let places = 0;
    for (const queue of this.#queues?.values() ?? []) places += queue.places;
    return places;
  }

  /** Whose turn it is. */
  get next(): TypeQueue | undefined {
    const first = this.#round.at(0);
    return first?.mayLeave === true ? first : undefined;
  }

  find(type: string): TypeQueue | undefined {
    return this.#queues?.get(type);
  }

  /** The queue of a type, to be told to `settle` when something was put in. */
  of(type: string): TypeQueue {
    if (this.#last?.type === type) return this.#last;
    this.#queues ??= new Map();
    let queue = this.#queues.get(type);
    if (queue === undefined) {
      queue = new TypeQueue(type);
      this.#queues.set(type, queue);
    }
    this.#last = queue;
    return queue;
  }

  /** `next` has given one message. */
  pass(queue: TypeQueue): void {
    if (this.#round.length < 2) return;
    if (queue.length > 0) this.#round.push(this.#round.shift() as TypeQueue);
    this.#trim();
  }

  /** Whether it may leave may have changed. */
  settle(queue: TypeQueue): void {
    if (!queue.listed && queue.mayLeave) {
      queue.listed = true;
      this.#round.push(queue);
    }
    if (this.#round.length > 1) this.#trim();
    if (!queue.listed) this.#retire(queue);
  }

  /** A hold beyond 1,024, or on a name that no type can have, is not heeded. */
  hold(type: string, held: boolean): void {
    const known = this.find(type);
    if (held === (known?.held ?? false)) return;
    if (held && (this.#holds === maxHolds || type.length > maxTypeLength)) return;
    const queue = known ?? this.of(type);
    queue.held = held;
    this.#holds += held ? 1 : -1;
    this.settle(queue);
  }

  busy(type: string, busy: boolean): void {
    const queue = this.of(type);
    queue.busy = busy;
    this.settle(queue);
  }

  releaseAll(): void {
    if (this.#holds > 0) for (const { type } of [...(this.#queues?.values() ?? [])]) this.hold(type, false);
  }

  clear(): Outgoing[] {
    const taken: Outgoing[] = [];
    for (const queue of [...(this.#queues?.values() ?? [])]) {
      for (const outgoing of queue.clear()) taken.push(outgoing);
      this.settle(queue);
    }
    return taken;
  }

  #trim(): void {
    while (this.#round.length > 1) {
      const first = this.#round.at(0) as TypeQueue;
      if (first.mayLeave) return;
      this.#round.shift();
      first.listed = false;
      this.#retire(first);
    }
  }

  /** Types come and go, and some names are made up for one message. */
  #retire(queue: TypeQueue): void {
    if (queue.length > 0 || queue.held || queue.busy || this.types <= idleKept) return;
    this.#queues?.delete(queue.type);
    if (this.#last === queue) this.#last = undefined;
  }
}
