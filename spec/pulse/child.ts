import { type ChildProcess, fork } from 'node:child_process';
import { eventually } from '../bus/moment.js';

export type Told = Readonly<Record<string, unknown>>;

/** A program of these specs in a process of its own, with what it told. */
export class Child {
  readonly told: Told[] = [];
  exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  output = '';
  readonly #process: ChildProcess;

  constructor(program: string, argument: unknown, execArgv: readonly string[] = []) {
    this.#process = fork(new URL(`./program/${program}.js`, import.meta.url), [JSON.stringify(argument)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [...execArgv],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (text) => {
        this.output += text;
      });
    this.#process.on('message', (message) => this.told.push(message as Told));
    this.#process.on('exit', (code, signal) => {
      this.exit = { code, signal };
    });
  }

  /** The first that fits, told already or to come. */
  tells(what: string, ms = 5_000): Promise<Told> {
    return eventually(`a child that tells ${what}`, () => this.told.find((told) => what in told), ms);
  }

  say(word: string): void {
    this.#process.send(word);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  exited(ms = 5_000) {
    return eventually(`the end of a child (${this.output})`, () => this.exit, ms);
  }

  async end(): Promise<void> {
    if (this.exit) return;
    this.#process.kill('SIGKILL');
    await this.exited();
  }
}
