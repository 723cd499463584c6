import type {
  BusEvent,
  Context,
  HandlerFunction,
  Log,
  PluginContext,
  SendContext,
  SendFunction,
  Stats,
} from 'drumline/plugin';
import { type MetricsOptions, type MetricsPlugin, metrics } from '../lib/index.js';
import { parseText, sampleOf } from './text-format.js';

/** The plugin without a bus: what it contributes, called by hand. */
export class Measured {
  readonly plugin: MetricsPlugin;
  readonly controller = new AbortController();
  /** Texts of errors. */
  readonly logged: string[] = [];
  stats = (): Stats => idle;

  constructor(options: MetricsOptions = {}) {
    this.plugin = metrics({ listen: false, ...options });
  }

  async start(): Promise<void> {
    await this.plugin.start?.(this.#context);
  }

  async stop(): Promise<void> {
    await this.plugin.stop?.(this.#context);
  }

  /** A handler of the type `job` with the interceptor around it; takes the payload. */
  handler(next: HandlerFunction, type = 'job'): (payload?: unknown) => unknown {
    const around = this.#interceptor.handler(next);
    const context = { signal: this.controller.signal } as Context;
    return (payload) => around({ payload, type, id: '1', headers: {} }, context);
  }

  send(verb: SendContext['verb'], next: SendFunction, type = 'job'): unknown {
    const context = { verb, target: 'w1', options: {} } as unknown as SendContext;
    return this.#interceptor.send(next)({ payload: 1, type, headers: {} }, context);
  }

  observe(event: Partial<BusEvent> & { kind: string }): void {
    for (const observe of this.plugin.contributes?.observers ?? [])
      observe({ cause: 'x', at: 0, ...event }, undefined as never);
  }

  text(): Promise<string> {
    return this.plugin.registry.metrics();
  }

  async value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return sampleOf(parseText(await this.text()), `drumline_${name}`, labels);
  }

  /** What is counted of one handler: running now, how often ended in all, and how often with this outcome. */
  async handled(outcome = 'ok', type = 'job'): Promise<readonly [number, number, number]> {
    return [
      await this.value('handlers_running', { type }),
      await this.value('handler_seconds_count', { type }),
      await this.value('handled_total', { type, outcome }),
    ];
  }

  get #context(): PluginContext {
    const log: Log = { debug() {}, info() {}, warn() {}, error: (text) => void this.logged.push(text) };
    return { role: 'worker', id: 'w1', log, stats: () => this.stats() } as unknown as PluginContext;
  }

  get #interceptor() {
    const [interceptor] = this.plugin.contributes?.interceptors ?? [];
    if (typeof interceptor !== 'object' || !interceptor.handler || !interceptor.send)
      throw new Error('there is no interceptor');
    return { handler: interceptor.handler, send: interceptor.send };
  }
}

const idle: Stats = {
  at: 0,
  peers: { alive: 1, stalled: 0, suspect: 0, lost: 0, draining: 0 },
  lane: {
    queued: 0,
    queuedBytes: 0,
    running: 0,
    handled: 0,
    concurrency: 64,
    capacity: 16_384,
    capacityBytes: 67_108_864,
  },
  outbox: { queued: 0, queuedBytes: 0, unacknowledged: 0, waiting: 0, owed: 0, owedBytes: 0 },
  memory: { usedBytes: 0, maxBytes: 1_275_068_416 },
  reassembly: { usedBytes: 0, capacityBytes: 134_217_728 },
  credit: { granted: { messages: 1, bytes: 4_096 }, held: { messages: 1, bytes: 4_096 } },
  beats: { received: 0, lateMs: 0, worstMs: 0, pulses: 0, worstDelayMs: 0, ignored: 0, refused: 0 },
  delivery: {
    received: {
      accepted: 0,
      queued: 0,
      running: 0,
      handled: 0,
      faulted: 0,
      expired: 0,
      cancelled: 0,
      lost: 0,
      refused: { unhandled: 0, overflow: 0, draining: 0, tooLarge: 0, cancelled: 0 },
      abandoned: 0,
      repeated: 0,
    },
    sent: {
      offered: 0,
      refused: 0,
      dropped: 0,
      published: 0,
      queued: 0,
      waiting: 0,
      accepted: 0,
      done: 0,
      faulted: 0,
      expired: 0,
      cancelled: 0,
      lost: 0,
      undelivered: 0,
    },
    fenced: 0,
  },
};
