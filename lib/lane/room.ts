import { BusError } from '../errors/bus-error.js';
import type { Clock } from '../time/clock.js';
import { Ring } from './ring.js';

interface Waiter {
  resolve(): void;
  reject(error: BusError): void;
}

const closed = () => new BusError('closed', 'closed: nothing can be published any more');

/** Producers that wait until there is room, woken one per place, so that they do not all rush at the first one. */
export class Room {
  readonly #waiters = new Ring<Waiter>();
  readonly #clock: Clock;
  readonly #places: () => number;
  #looking = false;
  #closed = false;

  constructor(clock: Clock, places: () => number) {
    this.#clock = clock;
    this.#places = places;
  }

  wait(): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#waiters.length === 0 && this.#places() > 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Places may have become free. */
  wake(): void {
    if (this.#waiters.length === 0 || this.#looking) return;
    for (let places = this.#places(); places > 0 && this.#waiters.length > 0; places -= 1) {
      this.#waiters.shift()?.resolve();
    }
    // Whoever was woken need not publish: then the place is for the next one, and nothing else would say so.
    if (this.#waiters.length === 0 || this.#places() <= 0) return;
    this.#looking = true;
    this.#clock.soon(() => {
      this.#looking = false;
      this.wake();
    });
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters.clear()) waiter.reject(closed());
  }
}
