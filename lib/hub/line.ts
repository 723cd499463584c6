import { BusError } from '../errors/bus-error.js';
import type { Holding } from '../lane/budget.js';

/** The calls through `any()` that wait for a worker: so many, and so many bytes of the process's memory. */
export class Line {
  #length = 0;

  constructor(
    private readonly max: number,
    private readonly holding: Holding,
  ) {}

  get length(): number {
    return this.#length;
  }

  /** Waits for what `come` gives. Throws `overflow`, retryable, where there is no room for one more. */
  async wait<T>(type: string, bytes: number, come: () => Promise<T>): Promise<T> {
    if (this.#length >= this.max)
      throw this.#full(type, `${this.#length} calls wait for a worker already`, 'outbox.maxWaiting');
    if (!this.holding.take(bytes))
      throw this.#full(type, 'this process has no memory left for one more that waits', 'memory.maxBytes');
    this.#length += 1;
    try {
      return await come();
    } finally {
      this.#length -= 1;
      this.holding.give(bytes);
    }
  }

  #full(type: string, why: string, bound: string): BusError {
    return new BusError('overflow', `'${type}' finds no worker now, and ${why}: try again later`, {
      retryable: true,
      details: { type, bound, delivery: 'not-sent' },
    });
  }
}
