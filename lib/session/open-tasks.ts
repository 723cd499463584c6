import { BySeq } from './by-seq.js';
import type { Task } from './task.js';

/** The tasks of one session that have been admitted and have not ended. */
export class OpenTasks {
  /** Those that its sender may still speak of, by their number: to cancel them, or to ask for more of their items. */
  readonly #answerable = new BySeq<Task>();
  /** The others, in no order; each knows its place. */
  readonly #silent: Task[] = [];

  get size(): number {
    return this.#answerable.size + this.#silent.length;
  }

  add(task: Task): void {
    if (task.message.expects !== 'nothing') this.#answerable.set(task.message.seq, task);
    else task.place = this.#silent.push(task) - 1;
  }

  /** There must be this one. */
  remove(task: Task): void {
    if (task.message.expects !== 'nothing') {
      this.#answerable.delete(task.message.seq);
      return;
    }
    const last = this.#silent.pop() as Task;
    if (last === task) return;
    this.#silent[task.place] = last;
    last.place = task.place;
  }

  /** A message that expects nothing is not found: its sender has done with it. */
  find(seq: number): Task | undefined {
    return this.#answerable.get(seq);
  }

  /** Takes all of them out, in the order of their numbers. */
  clear(): Task[] {
    const tasks = [...this.#answerable.clear(), ...this.#silent];
    this.#silent.length = 0;
    return tasks.sort((a, b) => a.message.seq - b.message.seq);
  }
}
