import type { Cancel, Clock } from '../../time/clock.js';

/** How often the loop is looked at, in milliseconds. */
const tickMs = 10;

/** A time in which the event loop did not turn. */
interface Held {
  readonly ms: number;
  /** Whose messages were being handled when it turned again. */
  readonly running: readonly string[];
}

/** Sees when the event loop is held, and tells what computes in this process from what keeps the machine busy. */
export class LoopWatch {
  /** Each time without a turn of the loop for longer than `blockMs`, a quarter of it at least spent computing. */
  readonly held: Held[] = [];
  /** The longest time without a turn, whatever the reason, in milliseconds. */
  worstMs = 0;
  #cancel: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly blockMs: number,
    private readonly running: () => readonly string[],
  ) {
    this.#next();
  }

  stop(): void {
    this.#cancel();
  }

  #next(): void {
    const since = this.clock.now();
    const before = process.cpuUsage();
    this.#cancel = this.clock.after(tickMs, () => {
      const ms = this.clock.now() - since - tickMs;
      this.worstMs = Math.max(this.worstMs, ms);
      const { user, system } = process.cpuUsage(before);
      const computedMs = (user + system) / 1_000;
      if (ms > this.blockMs && computedMs > ms / 4) this.held.push({ ms, running: this.running() });
      this.#next();
    });
  }
}
