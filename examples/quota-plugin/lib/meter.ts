import { defineMessage, type Token, token } from 'drumline/plugin';

/** What a worker has used of its plan. */
export interface Usage {
  readonly plan: string;
  /** Messages per window. */
  readonly limit: number;
  readonly windowMs: number;
  /** Messages that were let through in this window. */
  readonly used: number;
  /** Messages that were refused since the worker joined. */
  readonly refused: number;
}

/** Asks the hub what the sender has used; it costs nothing of the quota. */
export const QuotaUsage = defineMessage<void, Usage>('quota.usage');

/** Counts the messages of one worker. */
export class Meter {
  #windowBegan = Number.NEGATIVE_INFINITY;
  #used = 0;
  #refused = 0;

  constructor(
    private readonly plan: string,
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** Whether one more message fits into this window; counts it. */
  take(): boolean {
    this.#turn();
    const fits = this.#used < this.limit;
    if (fits) this.#used += 1;
    else this.#refused += 1;
    return fits;
  }

  usage(): Usage {
    this.#turn();
    const { plan, limit, windowMs } = this;
    return { plan, limit, windowMs, used: this.#used, refused: this.#refused };
  }

  #turn(): void {
    const now = performance.now();
    if (now - this.#windowBegan < this.windowMs) return;
    this.#windowBegan = now;
    this.#used = 0;
  }
}

/** The meter of the worker whose message is handled; for plugins that require `drumline-quota`. */
export const METER: Token<Meter> = token('quota meter');
