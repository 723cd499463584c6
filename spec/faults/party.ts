import { type ChildProcess, fork } from 'node:child_process';
import { sleep } from '../bus/moment.js';
import type { Book } from './book.js';
import type { Loaded, Unloaded } from './freight.js';

export interface Ask {
  readonly ask: number;
  readonly command: string;
  readonly input: unknown;
}

export interface Answer {
  readonly ask: number;
  readonly value?: unknown;
  readonly failed?: string;
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** A hub or worker of these specs in a process of its own, with traffic to each of its peers. */
export class Party {
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asks = 0;
  #running = true;

  constructor(
    readonly program: 'hub' | 'worker',
    options: object,
  ) {
    this.#process = fork(new URL(`./program/${program}.js`, import.meta.url), [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#process.on('message', (message) => {
      const { ask, value, failed } = message as Answer;
      const waiting = this.#waiting.get(ask);
      this.#waiting.delete(ask);
      if (failed === undefined) waiting?.resolve(value as never);
      else waiting?.reject(new Error(`${program}: ${failed}`));
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.#running = false;
        for (const { reject } of this.#waiting.values())
          reject(new Error(`the ${program} ended with ${signal ?? code} before it had answered`));
        resolve();
      });
    });
  }

  /** Starts, or joins; gives the address of a hub. */
  start(): Promise<string> {
    return this.#ask('start');
  }

  /** Of a hub: resolves when so many workers are there. */
  complete(count: number): Promise<void> {
    return this.#ask('complete', count);
  }

  /** Begins calls to that peer (a worker has one), so many at a time, and goes on after a `stop`. */
  begin(peer: string, open: number): Promise<void> {
    return this.#ask('begin', { peer, open });
  }

  /** Makes so many more at once, however many wait. */
  burst(peer: string, count: number): Promise<void> {
    return this.#ask('burst', { peer, count });
  }

  started(peer: string): Promise<number> {
    return this.#ask('started', peer);
  }

  /** What became of them so far. */
  book(peer: string): Promise<Book> {
    return this.#ask('book', peer);
  }

  /** Ends them; resolves when each has come to its end. */
  stop(peer: string): Promise<Book> {
    return this.#ask('stop', peer);
  }

  /** How often each number of that sender was handled. */
  seen(peer: string): Promise<string> {
    return this.#ask('seen', peer);
  }

  /** All its events so far, as `kind worker` of a hub and `kind` of a worker. */
  events(): Promise<readonly string[]> {
    return this.#ask('events');
  }

  /** Resolves when it has told so for the n-th time. */
  async tells(event: string, times: number, ms = 5_000): Promise<void> {
    const deadline = performance.now() + ms;
    while ((await this.events()).filter((told) => told === event).length < times) {
      if (performance.now() > deadline) throw new Error(`no '${event}' within ${ms} ms`);
      await sleep(10);
    }
  }

  /** By how much its latest beats came late, at most, in milliseconds. */
  worstBeat(): Promise<number> {
    return this.#ask('worst beat');
  }

  /** Sends that many payloads of so many bytes, one behind the other; gives how long each took. */
  large(peer: string, count: number, bytes: number): Promise<readonly number[]> {
    return this.#ask('large', { peer, count, bytes });
  }

  /** Asks a small request, again and again for so long; gives how long each took. */
  small(peer: string, ms: number): Promise<readonly number[]> {
    return this.#ask('small', { peer, ms });
  }

  /** Begins calls with payloads that travel in parts, so many at a time. */
  load(peer: string, open: number): Promise<void> {
    return this.#ask('load', { peer, open });
  }

  loaded(peer: string): Promise<Loaded> {
    return this.#ask('loaded', peer);
  }

  /** Ends them; resolves when each has come to its end. */
  loadNoMore(peer: string): Promise<Loaded> {
    return this.#ask('load no more', peer);
  }

  /** How many of each kind of that sender were handled. */
  unloaded(peer: string): Promise<Unloaded> {
    return this.#ask('unloaded', peer);
  }

  /** The bytes that it holds in all its buffers, and those of payloads that arrive in parts. */
  held(): Promise<{ readonly memory: number; readonly reassembly: number }> {
    return this.#ask('held');
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal);
  }

  async end(): Promise<void> {
    if (this.#running) this.#process.kill('SIGKILL');
    await this.exited;
  }

  #ask<T>(command: string, input: unknown = null): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#running) return reject(new Error(`the ${this.program} has ended`));
      const ask = ++this.#asks;
      this.#waiting.set(ask, { resolve, reject });
      this.#process.send({ ask, command, input } satisfies Ask, () => {});
    });
  }
}
