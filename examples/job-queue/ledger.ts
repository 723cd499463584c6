import { type Result, squareOf } from './contract.js';

/** What became of each job, by its id: the first result counts. */
export class Ledger {
  readonly #attempts = new Map<number, number>();
  /** By job and process: begun, and without a result so far. */
  readonly #open = new Map<string, number>();
  /** How often a process has begun a job. */
  begun = 0;
  /** Results for a job that had one. */
  again = 0;
  wrong = 0;

  begin(job: number, pid: number): void {
    this.begun += 1;
    this.#open.set(`${job} ${pid}`, pid);
  }

  /** `earlier`: attempts of requests that ended without a result. */
  note(job: number, { value, pid, attempt }: Result, earlier: number): void {
    this.#open.delete(`${job} ${pid}`);
    if (value !== squareOf(job)) this.wrong += 1;
    if (this.#attempts.has(job)) this.again += 1;
    else this.#attempts.set(job, earlier + attempt);
  }

  get done(): number {
    return this.#attempts.size;
  }

  /** Who has begun what has no result: one process for each. */
  get unfinished(): readonly number[] {
    return [...this.#open.values()];
  }

  /** How many jobs were done at the first attempt, at the second, ... */
  get byAttempt(): readonly number[] {
    const jobs: number[] = [];
    for (const attempts of this.#attempts.values()) jobs[attempts - 1] = (jobs[attempts - 1] ?? 0) + 1;
    return Array.from(jobs, (count = 0) => count);
  }
}
