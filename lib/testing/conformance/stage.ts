import type { Observable } from 'rxjs';
import { BusError, textOf } from '../../errors/bus-error.js';
import type { CallOptions, Published } from '../../handler/call-option.js';
import type { Registration } from '../../handler/registration.js';
import { Hub } from '../../hub/hub.js';
import type { HubOptions } from '../../hub/option.js';
import type { BusEvent } from '../../plugin/contributions.js';
import type { Plugin, Role } from '../../plugin/manifest.js';
import type { Transport } from '../../transport/link.js';
import type { WorkerOptions } from '../../worker/option.js';
import { Worker } from '../../worker/worker.js';
import { Kit } from './kit.js';
import { address, inMemory, overGrpc, platformOf, silent } from './platform.js';
import type { Trial } from './trial.js';

/** One direction over the bus. */
export interface Way {
  publish(type: string, payload: unknown): Published;
  send(type: string, payload: unknown, options?: CallOptions): Promise<void>;
  request(type: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  stream(type: string, payload: unknown, options?: CallOptions): Observable<unknown>;
}

interface StageOptions {
  readonly hub?: Partial<HubOptions>;
  readonly worker?: Partial<WorkerOptions>;
  /** More handlers of the kit's beside the plugin. */
  readonly handlers?: readonly Registration[];
  /** In the place of a new one. */
  readonly plugin?: Plugin;
  /** Runs over gRPC on loopback, where it would run in memory. */
  readonly grpc?: boolean;
}

/** Beats often enough for what waits for one, and verdicts late enough for a busy machine. */
const beat = { intervalMs: 100, suspectAfterMs: 3_000, lostAfterMs: 10_000 };

/** A hub and a worker with the plugin in one of them, and the kit in both. */
export class Stage {
  /** The kit beside the plugin, and the one on the other side. */
  readonly kit = new Kit();
  readonly far = new Kit();
  readonly events: BusEvent[] = [];
  address = '';
  transport!: Transport;
  hub!: Hub;
  worker!: Worker;

  private constructor(
    readonly trial: Trial,
    readonly role: Role,
    readonly plugin: Plugin,
    private readonly options: StageOptions,
  ) {}

  /** A stage on which both have started and the worker has joined. */
  static async of(trial: Trial, role: Role, options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(trial, role, options.plugin ?? trial.plugin(), options);
    await stage.#begin();
    return stage;
  }

  /** From the other process to that of the plugin. */
  get inward(): Way {
    return this.role === 'hub' ? this.worker : this.#down();
  }

  /** From the process of the plugin to the other one. */
  get outward(): Way {
    return this.role === 'hub' ? this.#down() : this.worker;
  }

  /** Another worker that greets as a legitimate one does. */
  guest(more: Partial<WorkerOptions> = {}): Worker {
    const { greeting = {} } = this.trial.subject.options;
    const { hub } = greeting;
    const tls = typeof hub === 'object' ? hub.tls : undefined;
    const worker = new Worker(
      {
        version: '1.0.0',
        log: silent,
        reconnect: { initialMs: 10, maxMs: 100 },
        ...greeting,
        ...more,
        hub: { address: this.address, ...(tls && { tls }) },
      },
      platformOf(this.transport),
    );
    this.trial.later(() => worker.close());
    return worker;
  }

  /** Waits until nothing runs and nothing waits in the process of the plugin; it is closed then. */
  async drained(ms: number): Promise<boolean> {
    try {
      await (this.role === 'hub' ? this.hub : this.worker).drain({ deadlineMs: ms });
      return true;
    } catch (thrown) {
      if (BusError.is(thrown, 'timeout')) return false;
      throw thrown;
    }
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.hub.close();
  }

  #down(): Way {
    const { hub, worker } = this;
    return {
      publish: (type, payload) => hub.publish(worker.id, type, payload),
      send: (type, payload, options) => hub.send(worker.id, type, payload, options),
      request: (type, payload, options) => hub.request(worker.id, type, payload, options),
      stream: (type, payload, options) => hub.stream(worker.id, type, payload, options),
    };
  }

  async #begin(): Promise<void> {
    const { trial, role, plugin, options } = this;
    const given = trial.subject.options.hub ?? {};
    const real = options.grpc || given.listen !== undefined;
    this.transport = real ? await overGrpc() : inMemory();
    const { beside, across } = trial.subject.companions(role);
    const here = [...beside, plugin, this.kit.plugin(plugin, options.handlers)];
    const there = [...across, this.far.plugin()];
    const onHub = role === 'hub';
    this.hub = new Hub(
      {
        listen: real ? '127.0.0.1:0' : address,
        log: silent,
        beat,
        ...given,
        ...options.hub,
        plugins: onHub ? here : there,
      },
      platformOf(this.transport),
    );
    trial.later(() => this.hub.close());
    this.hub.events$.subscribe((event) => this.events.push(event));
    this.address = await this.hub.start();
    this.worker = this.guest({ ...options.worker, plugins: onHub ? there : here });
    this.worker.events$.subscribe((event) => this.events.push(event));
    await this.#join();
  }

  async #join(): Promise<void> {
    try {
      await this.worker.start({ timeoutMs: this.trial.stepMs });
    } catch (thrown) {
      if (BusError.is(thrown, 'plugin')) throw thrown;
      const advice = 'give its credentials to the kit as options.greeting';
      this.trial.fail(`does not let the kit's worker in: ${textOf(thrown)}: ${advice}`, thrown);
    }
  }
}
