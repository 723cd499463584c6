import type { BatchPort } from './outgoing.js';

/**
 * The writers of a process: an outbox has one while it makes a batch, so as many are made as make batches at once, and an
 * idle session has none.
 */
export class WriterPool {
  readonly #free: BatchPort[] = [];

  constructor(private readonly make: () => BatchPort) {}

  /** With an empty batch. */
  take(): BatchPort {
    return this.#free.pop() ?? this.make();
  }

  /** Its batch was taken. One whose batch broke off in the middle is not to come back. */
  giveBack(writer: BatchPort): void {
    this.#free.push(writer);
  }
}
