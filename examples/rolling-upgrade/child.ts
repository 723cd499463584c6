// Both ends of a child process: the director asks by name, the child answers with JSON.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Answer {
  readonly command: string;
  readonly value: unknown;
  readonly failed?: string;
}

/** Every child that was started. */
const children = new Set<Child>();

/** A process of the fleet, as its director sees it. */
export class Child {
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<string, { resolve(value: never): void; reject(error: Error): void }>();

  constructor(
    readonly name: string,
    program: 'hub' | 'worker',
    ...args: string[]
  ) {
    this.#process = fork(fileURLToPath(new URL(`./${program}.js`, import.meta.url)), args);
    this.#process.on('message', ({ command, value, failed }: Answer) => {
      const waiting = this.#waiting.get(command);
      this.#waiting.delete(command);
      if (failed === undefined) waiting?.resolve(value as never);
      else waiting?.reject(new Error(`${this.name}: ${failed}`));
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('exit', (code) => {
        children.delete(this);
        for (const [command, { reject }] of this.#waiting)
          reject(new Error(`${this.name} ended with ${code} before it had answered '${command}'`));
        resolve(code);
      });
    });
    children.add(this);
  }

  /** What the child still owes an answer to. */
  get owes(): readonly string[] {
    return [...this.#waiting.keys()].map((command) => `${this.name} ${command}`);
  }

  /** Has the child run one of its commands, one at a time of each name. */
  ask<T>(command: string): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!children.has(this))
        return reject(new Error(`${this.name} has ended: it cannot be asked to '${command}'`));
      this.#waiting.set(command, { resolve, reject });
      this.#process.send(command, () => {});
    });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** The children that have not ended. */
export const running = (): readonly Child[] => [...children];

/** In a child: runs commands by name, and ends with its director whatever that one died of. */
export function obey(commands: Readonly<Record<string, () => unknown>>): void {
  process.on('message', async (command: string) => {
    const answer = await Promise.resolve()
      .then(() => commands[command]?.())
      .then(
        (value): Answer => ({ command, value }),
        (thrown): Answer => ({ command, value: null, failed: String(thrown) }),
      );
    if (process.connected) process.send?.(answer);
  });
  process.once('disconnect', () => process.exit());
}

/** In a child: nothing more to do, so the process ends if nothing is left open. */
export function leave(): void {
  process.removeAllListeners('disconnect');
  process.disconnect();
}
