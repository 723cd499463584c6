import type { Run, Task } from './task.js';

/** The tasks whose handlers go on, in the order in which they started. Adding and removing one is O(1). */
export class Runs {
  #oldest: Run | undefined;
  #newest: Run | undefined;

  get oldest(): Run | undefined {
    return this.#oldest;
  }

  add(task: Task, startedAt: number): void {
    const newest = this.#newest;
    const run: Run = { task, startedAt, before: newest, after: undefined };
    if (newest === undefined) this.#oldest = run;
    else newest.after = run;
    this.#newest = run;
    task.running = run;
  }

  /** There must be this one. */
  remove(task: Task): void {
    const { before, after } = task.running as Run;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
    task.running = undefined;
  }
}
