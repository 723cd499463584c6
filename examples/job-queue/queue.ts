import { any, BusError, type Hub } from 'drumline';
import { Job, type Task } from './contract.js';
import type { Ledger } from './ledger.js';

/** How often a request to `any()` is tried on another worker before it is told as lost. */
const attemptsOfOne = 3;

/** Gives jobs to whoever has the least to do, some at a time, until each has a result. */
export class Queue {
  readonly #waiting: Task[];

  constructor(
    private readonly hub: Hub,
    private readonly ledger: Ledger,
    jobs: readonly Task[],
  ) {
    this.#waiting = [...jobs];
  }

  /** Resolves when all are done. So few are given out at once that a worker that dies takes little with it. */
  async run(atOnce: number): Promise<void> {
    await Promise.all(Array.from({ length: atOnce }, () => this.#give()));
  }

  async #give(): Promise<void> {
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift())
      await this.#one(task);
  }

  /** `any()` tries another worker by itself when one is lost. Only what was lost three times in a row comes back here. */
  async #one(task: Task): Promise<void> {
    for (let earlier = 0; ; earlier += attemptsOfOne) {
      try {
        return this.ledger.note(task.job, await this.hub.request(any(), Job, task), earlier);
      } catch (thrown) {
        if (!BusError.is(thrown) || !thrown.retryable) throw thrown;
      }
    }
  }
}
