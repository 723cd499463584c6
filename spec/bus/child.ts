import { type ChildProcess, fork } from 'node:child_process';
import { eventually } from './moment.js';

export type Told = Record<string, unknown>;

/** A program of these specs in a process of its own, with what it told. */
export class Child {
  readonly told: Told[] = [];
  exit: { code: number | null; signal: string | null } | undefined;
  readonly #process: ChildProcess;

  constructor(program: 'hub' | 'worker' | 'both' | 'busy' | 'silent' | URL, argument: unknown) {
    const text = typeof argument === 'string' ? argument : JSON.stringify(argument);
    const url = typeof program === 'string' ? new URL(`./program/${program}.js`, import.meta.url) : program;
    this.#process = fork(url, [text], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#process.on('message', (message) => this.told.push(message as Told));
    this.#process.on('exit', (code, signal) => {
      this.exit = { code, signal };
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** The first that fits, told already or to come. */
  tells(what: string, fits: (told: Told) => boolean, ms = 8_000): Promise<Told> {
    return eventually(`a child that tells ${what}`, () => this.told.find(fits), ms);
  }

  ready(): Promise<Told> {
    return this.tells('ready', ({ ready }) => ready === true);
  }

  /** Tells it something. */
  say(what: Told): void {
    this.#process.send(what);
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal);
  }

  async exited(ms = 5_000) {
    return eventually('the end of a child', () => this.exit, ms);
  }

  async end(): Promise<void> {
    if (this.exit) return;
    this.#process.kill('SIGKILL');
    await this.exited();
  }
}
