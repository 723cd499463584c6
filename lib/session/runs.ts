import type { Task } from './task.js';

/** The tasks whose handlers go on, in the order in which they started. Adding and removing one is O(1) and makes nothing. */
export class Runs {
  #oldest: Task | undefined;
  #newest: Task | undefined;

  get oldest(): Task | undefined {
    return this.#oldest;
  }

  add(task: Task): void {
    const newest = this.#newest;
    task.before = newest;
    if (newest === undefined) this.#oldest = task;
    else newest.after = task;
    this.#newest = task;
  }

  /** There must be this one. */
  remove(task: Task): void {
    const { before, after } = task;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
    task.before = task.after = undefined;
  }
}
