/** What one worker counted of a burst. */
export interface Tallied {
  /** Handlers that ran to their end. */
  readonly handled: number;
  /** Different messages among them. */
  readonly distinct: number;
  /** Most messages that had arrived and not started. */
  readonly mostWaiting: number;
  /** Most handlers at once. */
  readonly mostRunning: number;
}

/** Counts messages on their way through a worker, by their numbers: at the door, at the start, and at the end. */
export class Tally {
  readonly #seen = new Set<number>();
  #waiting = 0;
  #mostWaiting = 0;
  #running = 0;
  #mostRunning = 0;
  #handled = 0;

  arrived(): void {
    this.#waiting += 1;
    this.#mostWaiting = Math.max(this.#mostWaiting, this.#waiting);
  }

  started(): void {
    this.#waiting -= 1;
    this.#running += 1;
    this.#mostRunning = Math.max(this.#mostRunning, this.#running);
  }

  ended(n: number): void {
    this.#running -= 1;
    this.#handled += 1;
    this.#seen.add(n);
  }

  get counts(): Tallied {
    return {
      handled: this.#handled,
      distinct: this.#seen.size,
      mostWaiting: this.#mostWaiting,
      mostRunning: this.#mostRunning,
    };
  }
}
