import type { Worker } from 'node:worker_threads';
import { BusError, type Plugin, type PluginContext } from 'drumline/plugin';
import { type ThreadsOptions, threads } from '../lib/index.js';
import { module } from './fleet.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };

/** The plugin without a bus around it. */
export class Bare {
  /** Threads that were started since it was. */
  readonly started: Worker[] = [];
  readonly #context = { log, signal: new AbortController().signal } as unknown as PluginContext;
  readonly #onThread = (thread: Worker) => void this.started.push(thread);

  private constructor(private readonly plugin: Plugin) {}

  static async of(options: ThreadsOptions): Promise<Bare> {
    const bare = new Bare(threads(options));
    process.on('worker', bare.#onThread);
    await bare.plugin.start?.(bare.#context);
    return bare;
  }

  /** With `abortAfterMs`, its signal fires then; 0 is in the same turn. */
  execute(
    name: string,
    payload: unknown,
    { abortAfterMs }: { abortAfterMs?: number } = {},
  ): Promise<unknown> {
    const controller = new AbortController();
    const { signal } = controller;
    const abort = () => controller.abort(new BusError('cancelled', 'not wanted any more'));
    if (abortAfterMs) setTimeout(abort, abortAfterMs);
    const [executor] = this.plugin.contributes?.executors ?? [];
    const from = { id: 'w1', epoch: 'e1', labels: {}, identity: undefined };
    const context = {
      from,
      signal,
      deadline: undefined,
      attempt: 1,
      services: { get: () => undefined as never },
      log,
    };
    const message = { payload, type: name, id: '1', headers: {} };
    const result = executor?.execute({ module, export: name }, message, context) as Promise<unknown>;
    if (abortAfterMs === 0) abort();
    return result;
  }

  async stop(): Promise<void> {
    await this.plugin.stop?.(this.#context);
    process.off('worker', this.#onThread);
  }
}
