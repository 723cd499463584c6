import { type ChildProcess, fork } from 'node:child_process';
import type { Told } from './told.js';

type Of<K extends Told['kind']> = Extract<Told, { kind: K }>;

/** How much memory a process had, and when. */
export interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** One process of a trial: what it told, and its memory. */
export class Program {
  readonly memory: Sample[] = [];
  readonly #process: ChildProcess;
  readonly #waiting = new Map<Told['kind'], (told: Told) => void>();
  readonly #ended: Promise<never>;

  constructor(name: 'hub' | 'worker', ...args: string[]) {
    this.#process = fork(new URL(`./${name}.js`, import.meta.url), args, { execArgv: [] });
    this.#process.on('message', (message) => {
      const told = message as Told;
      if (told.kind === 'memory') this.memory.push({ at: performance.now(), bytes: told.bytes });
      else this.#waiting.get(told.kind)?.(told);
    });
    this.#ended = new Promise((_, reject) => {
      this.#process.once('exit', (code, signal) =>
        reject(new Error(`the ${name} ended with ${signal ?? code}`)),
      );
    });
    this.#ended.catch(() => {});
  }

  /** The next that it tells of this kind, with what makes it tell. */
  async tells<K extends Told['kind']>(kind: K, ask = () => {}): Promise<Of<K>> {
    const told = new Promise<Of<K>>((resolve) => this.#waiting.set(kind, (told) => resolve(told as Of<K>)));
    ask();
    return Promise.race([told, this.#ended]);
  }

  /** How far it has got with what came. */
  handled(): Promise<Of<'handled'>> {
    return this.tells('handled', () => this.#process.send('handled'));
  }

  async end(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended.catch(() => {});
  }
}
