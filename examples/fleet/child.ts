import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Commands } from './commands.js';
import type { Answer, Ask, Told } from './report.js';

interface Waiting {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the fleet, as its director sees it. */
export class Child<C extends Commands> {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asks = 0;
  #running = true;

  constructor(
    readonly name: string,
    program: string,
    settings: Readonly<Record<string, string>>,
    told: (told: Told) => void,
  ) {
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.pid = this.#process.pid ?? 0;
    this.#process.on('message', (message) => {
      if (typeof message !== 'object') return;
      if ('answer' in message) this.#answered(message as Answer);
      else told(message as unknown as Told);
    });
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit, how: string) => {
        this.#running = false;
        for (const { command, reject } of this.#waiting.values())
          reject(new Error(`${name} ended (${how}) before it had answered '${command}'`));
        this.#waiting.clear();
        resolve(exit);
      };
      this.#process.once('exit', (code, signal) => end({ code, signal }, signal ?? `code ${code}`));
      this.#process.once('error', (error) => end({ code: null, signal: null }, error.message));
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Commands that wait for their answer. */
  get pending(): readonly string[] {
    return [...this.#waiting.values()].map(({ command }) => `${this.name} ${command}`);
  }

  /** Has the process run one of its commands. Rejects if that fails, or if the process ends first. */
  ask<K extends keyof C & string>(
    command: K,
    input: Parameters<C[K]>[0],
  ): Promise<Awaited<ReturnType<C[K]>>> {
    return new Promise((resolve, reject) => {
      if (!this.#running)
        return reject(new Error(`${this.name} has ended: it cannot be asked to '${command}'`));
      const ask = ++this.#asks;
      this.#waiting.set(ask, { command, resolve: resolve as (value: unknown) => void, reject });
      const message: Ask = { ask, command, input };
      // A channel that is gone is followed by the exit, which rejects what waits.
      this.#process.send(message, () => {});
    });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.answer);
    this.#waiting.delete(answer.answer);
    if ('failed' in answer) waiting?.reject(new Error(`${this.name}: ${answer.failed}`));
    else waiting?.resolve(answer.value);
  }
}
