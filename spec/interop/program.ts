import { type ChildProcess, spawn } from 'node:child_process';
import type { Command, Told } from './told.js';

type Of<K extends Told['kind']> = Extract<Told, { kind: K }>;

export interface Exit {
  readonly at: number;
  readonly how: string;
}

const running = new Set<Program>();
const spokenLines = 40;

/** A process of a trial: what it told on standard output, and how it ended. It ends with this one at the latest. */
export class Program {
  readonly told: Told[] = [];
  exit: Exit | undefined;
  readonly #process: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #spoken: string[] = [];

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    cwd?: string,
  ) {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    this.#process = spawn(command, args, { cwd, env, detached: true });
    running.add(this);
    this.#process.stdin?.on('error', () => {});
    lines(this.#process.stdout, (line) => {
      if (line.startsWith('{')) this.told.push(JSON.parse(line) as Told);
      this.#news();
    });
    lines(this.#process.stderr, (line) => {
      this.#spoken.push(line);
      this.#spoken.splice(0, this.#spoken.length - spokenLines);
    });
    this.#process.on('error', (error) => this.#ended(error.message));
    this.#process.on('close', (code, signal) => this.#ended(signal ?? `exit code ${code}`));
  }

  /** The last that it wrote to standard error. */
  get spoken(): string {
    return this.#spoken.join('\n');
  }

  /** All of one kind, in order. */
  all<K extends Told['kind']>(kind: K): Of<K>[] {
    return this.told.filter((told): told is Of<K> => told.kind === kind);
  }

  /** The first that fits, told already or to come; undefined where it does not come in time, or the process ends. */
  async hears<K extends Told['kind']>(kind: K, ms: number, fits: (told: Of<K>) => boolean = () => true) {
    const find = () => this.all(kind).find(fits);
    await this.#until(() => find() !== undefined || this.exit !== undefined, ms);
    return find();
  }

  /** The same, where the trial cannot go on without it. */
  async needs<K extends Told['kind']>(kind: K, ms: number, fits?: (told: Of<K>) => boolean): Promise<Of<K>> {
    const told = await this.hears(kind, ms, fits);
    if (told) return told;
    const end = this.exit ? `ended (${this.exit.how})` : `said nothing within ${ms / 1_000} s`;
    throw new Error(`${this.name} ${end} while '${kind}' was waited for\n${this.spoken}`);
  }

  /** Its end; undefined where it still runs after so many milliseconds. */
  async exits(ms: number): Promise<Exit | undefined> {
    await this.#until(() => this.exit !== undefined, ms);
    return this.exit;
  }

  tell(command: Command): void {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** With what it has started itself: it leads a group of processes. */
  kill(): void {
    if (this.#process.pid === undefined || this.exit) return;
    try {
      process.kill(-this.#process.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  async end(): Promise<void> {
    this.kill();
    await this.exits(5_000);
  }

  #until(holds: () => boolean, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (holds()) over();
      };
      const over = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(over, ms);
      this.#waiting.add(look);
      look();
    });
  }

  #ended(how: string): void {
    this.exit ??= { at: Date.now(), how };
    running.delete(this);
    this.#news();
  }

  #news(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** Ends whatever still runs, without waiting. */
export function killAll(): void {
  for (const program of running) program.kill();
}

function lines(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) take(part);
  });
}
