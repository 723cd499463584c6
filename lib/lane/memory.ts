import { Budget } from './budget.js';

export interface MemoryOptions {
  /** Payload bytes that one process may hold in all. */
  readonly maxBytes: number;
  /** What of them is promised to those who send to it, and so never used for anything else. */
  readonly promisedBytes: number;
  /** There is one peer and never another. */
  readonly alone?: boolean;
}

/**
 * The one bound over what a process holds. What is promised is bounded where it is granted; the rest is parted here.
 * Outcomes have a quarter of it to themselves: they wait for acknowledgements alone, so it drains whatever becomes of
 * messages, whose receivers may be waiting for an outcome.
 */
export class Memory {
  readonly maxBytes: number;
  /** Messages until they are acknowledged, and items of streams that wait here for a consumer. */
  readonly messages: Budget;
  /** Outcomes until they are acknowledged. They are never refused: who owes too much starts no more handlers. */
  readonly outcomes: Budget;

  constructor({ maxBytes, promisedBytes, alone = false }: MemoryOptions) {
    const rest = maxBytes - promisedBytes;
    this.maxBytes = maxBytes;
    this.messages = new Budget((rest * 3) / 4, alone);
    this.outcomes = new Budget(rest / 4, alone);
  }

  /** What is held of it. */
  get used(): number {
    return this.messages.used + this.outcomes.used;
  }
}

/** For whoever needs none. */
export const unbounded = (): Memory =>
  new Memory({ maxBytes: Number.POSITIVE_INFINITY, promisedBytes: 0, alone: true });
