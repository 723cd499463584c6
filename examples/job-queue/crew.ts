// The worker processes: started, killed, replaced under the same id.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class Crew {
  readonly #processes = new Map<string, ChildProcess>();
  /** The processes that were killed. */
  readonly killed = new Set<number>();

  constructor(private readonly hub: string) {}

  start(id: string): void {
    this.#processes.set(id, fork(fileURLToPath(new URL('./worker.js', import.meta.url)), [this.hub, id]));
  }

  /** Gives it no time to say goodbye, and starts another process under its id. */
  replace(id: string): void {
    const child = this.#processes.get(id);
    child?.kill('SIGKILL');
    this.killed.add(child?.pid ?? 0);
    this.start(id);
  }

  /** Lets each finish and leave. */
  async dismiss(): Promise<void> {
    await Promise.all(
      [...this.#processes.values()].map((child) => {
        const left = once(child, 'exit');
        child.send('leave');
        return left;
      }),
    );
  }

  killAll(): void {
    for (const child of this.#processes.values()) child.kill('SIGKILL');
  }
}
