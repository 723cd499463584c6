import type { Cancel, Clock } from '../time/clock.js';

/** How long nothing ends before a full lane stands still, in milliseconds. */
const stillMs = 500;
/** How long a lane that stood still is taken for one whose handlers wait for each other. */
const relievedMs = 30_000;

/**
 * Sees when nothing has ended for half a second in a lane whose slots are all taken: its handlers may wait for each
 * other, or for one that finds no slot.
 */
export class Standstill {
  #ended = 0;
  #watching: Cancel | undefined;
  #until = Number.NEGATIVE_INFINITY;
  readonly #clock: Clock;
  readonly #found: () => void;

  /** `found`: from now on `relieved`. */
  constructor(clock: Clock, found: () => void) {
    this.#clock = clock;
    this.#found = found;
  }

  /** It was found, and seen to be of use in the last 30 seconds. */
  get relieved(): boolean {
    return this.#clock.now() < this.#until;
  }

  /** A work has ended. */
  ended(): void {
    this.#ended += 1;
  }

  /** All slots are taken, and something waits for one that could go on beside them. */
  watch(isStill: () => boolean): void {
    if (this.#watching !== undefined) return;
    const clock = this.#clock;
    const [ended, from] = [this.#ended, clock.now()];
    this.#watching = clock.after(stillMs, () => {
      this.#watching = undefined;
      if (!isStill()) return;
      // A process that was held up itself has not given them the time to end.
      if (ended !== this.#ended || clock.now() - from > 2 * stillMs) return this.watch(isStill);
      this.relieve();
      this.#found();
    });
  }

  close(): void {
    this.#watching?.();
  }

  /** It was of use again. */
  relieve(): void {
    this.#until = this.#clock.now() + relievedMs;
  }
}
