import { Ring } from './ring.js';
import type { TypeQueue } from './type-queue.js';

const staleKept = 32;

/**
 * In which order the publishes came that wait, over all types. Those of one type leave and are dropped oldest first, so
 * it is enough to know whose turn it was. Every step is O(1) amortised.
 */
export class Publishes {
  /** One entry for each, and some for those that left before others of their age. The first is never such a one. */
  readonly #order = new Ring<TypeQueue>();
  #length = 0;
  #bytes = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many entries it has memory for. */
  get places(): number {
    return this.#order.places;
  }

  /** Where the one waits that has waited longest. */
  get oldest(): TypeQueue | undefined {
    return this.#order.at(0);
  }

  add(queue: TypeQueue, bytes: number): void {
    this.#order.push(queue);
    this.#length += 1;
    this.#bytes += bytes;
  }

  /** One of this queue waits no more. */
  remove(queue: TypeQueue, bytes: number): void {
    this.#length -= 1;
    this.#bytes -= bytes;
    const order = this.#order;
    if (order.at(0) !== queue) {
      queue.stale += 1;
      if (order.length > staleKept + 2 * this.#length) this.#compact();
      return;
    }
    order.shift();
    for (let first = order.at(0); first !== undefined && first.stale > 0; first = order.at(0)) {
      first.stale -= 1;
      order.shift();
    }
  }

  clear(): void {
    for (const queue of this.#order.clear()) queue.stale = 0;
    this.#length = this.#bytes = 0;
  }

  #compact(): void {
    for (const queue of this.#order.clear()) {
      if (queue.stale > 0) queue.stale -= 1;
      else this.#order.push(queue);
    }
  }
}
