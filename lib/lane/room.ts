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
  readonly #whenFreed: (freed: () => void) => boolean;
  #looking = false;
  #listening = false;
  /** Something found no room, though there may be some: it was too large for what there is. */
  #refused = false;
  #closed = false;

  /** `whenFreed`: calls back once when others have made room; false, and never, where that is not what is wanted. */
  constructor(clock: Clock, places: () => number, whenFreed: (freed: () => void) => boolean = () => false) {
    this.#clock = clock;
    this.#places = places;
    this.#whenFreed = whenFreed;
  }

  wait(): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    if (!this.#refused && this.#waiters.length === 0 && this.#places() > 0) return Promise.resolve();
    this.#listen();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** A publish was dropped: until something frees it is of no use to try again, and would never let anything free. */
  refused(): void {
    this.#refused = true;
    this.#listen();
  }

  /** Places may have become free. */
  wake(): void {
    this.#refused = false;
    if (this.#waiters.length === 0 || this.#looking) return;
    for (let places = this.#places(); places > 0 && this.#waiters.length > 0; places -= 1) {
      this.#waiters.shift()?.resolve();
    }
    if (this.#waiters.length === 0) return;
    // Whoever was woken need not publish: then the place is for the next one, and nothing else would say so.
    if (this.#places() > 0) this.#look();
    else this.#listen();
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#clock.soon(() => {
      this.#looking = false;
      this.wake();
    });
  }

  #listen(): void {
    if (this.#listening || this.#closed) return;
    this.#listening = this.#whenFreed(() => {
      this.#listening = false;
      this.#refused = false;
      if (this.#waiters.length > 0) this.#look();
    });
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters.clear()) waiter.reject(closed());
  }
}
