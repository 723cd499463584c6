import type { Worker as NodeWorker } from 'node:worker_threads';
import {
  createHub,
  createWorker,
  type Hub,
  type HubOptions,
  type Log,
  type Plugin,
  type Registration,
  type Worker,
  type WorkerOptions,
} from 'drumline';
import { handler, type ModuleOptions } from 'drumline/plugin';
import { type ThreadsOptions, threads } from '../lib/index.js';

/** The module of the specs' handlers. */
export const module = new URL('./work.js', import.meta.url);

/** Handlers of that module in threads, each with its name as its type. */
export const inThreads = (
  names: readonly string[],
  options: Partial<ModuleOptions> = {},
  from = module,
): Registration[] =>
  names.map((name) => handler(name, { module: from, export: name }, { run: 'thread', ...options }));

/** One line of a log. */
export interface Line {
  readonly level: keyof Log;
  readonly text: string;
  readonly details?: object;
}

/** A hub and a worker over gRPC on loopback, the worker with threads. Ends what it began. */
export class Fleet implements AsyncDisposable {
  readonly events: { readonly kind: string; readonly cause: string; readonly error?: Error }[] = [];
  /** Of the worker. */
  readonly faults: { readonly kind: string; readonly error?: Error }[] = [];
  /** Threads of this process that have started, and those that have ended. */
  readonly started: NodeWorker[] = [];
  ended = 0;

  private constructor(
    readonly hub: Hub,
    readonly worker: Worker,
    /** Of the logs of both. */
    readonly lines: Line[],
  ) {}

  static async of(
    handlers: readonly Registration[],
    options: ThreadsOptions = {},
    more: { hub?: HubOptions; worker?: Partial<WorkerOptions>; plugins?: Plugin[] } = {},
  ): Promise<Fleet> {
    const lines: Line[] = [];
    const log = logInto(lines);
    const hub = createHub({
      log,
      beat: { intervalMs: 100, suspectAfterMs: 400, lostAfterMs: 2_000, stalledAfterMs: 400 },
      ...more.hub,
    });
    const worker = createWorker({
      log,
      hub: await hub.start(),
      id: 'w1',
      // The threads that are counted are the handlers' own.
      pulse: false,
      ...more.worker,
      handlers: [...handlers],
      plugins: [threads(options), ...(more.plugins ?? [])],
    });
    const fleet = new Fleet(hub, worker, lines);
    hub.events$.subscribe((event) => fleet.events.push(event));
    worker.events$.subscribe((event) => fleet.faults.push(event));
    process.on('worker', fleet.#onThread);
    try {
      await worker.start();
    } catch (thrown) {
      await fleet[Symbol.asyncDispose]();
      throw thrown;
    }
    return fleet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.close();
    await this.hub.close();
    process.off('worker', this.#onThread);
  }

  readonly #onThread = (thread: NodeWorker) => {
    this.started.push(thread);
    thread.once('exit', () => {
      this.ended += 1;
    });
  };
}

/** A log that keeps its lines. */
export function logInto(lines: Line[]): Log {
  const at = (level: keyof Log) => (text: string, details?: object) =>
    void lines.push({ level, text, ...(details === undefined ? {} : { details }) });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Resolves once `holds` is true; looks every few milliseconds. Rejects after 5 s, saying what it waited for. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const began = performance.now(); !holds(); ) {
    if (performance.now() - began > 5_000) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What a promise rejects with. */
export const failure = (promise: Promise<unknown>): Promise<Record<string, unknown>> =>
  promise.then(
    (value) => {
      throw new Error(`it did not fail, but gave ${String(value)}`);
    },
    (thrown) => thrown,
  );
