import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { ErrorCode } from '../../lib/errors/code.js';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame, Hello } from '../../lib/frame/frame.js';
import type { Log } from '../../lib/handler/context.js';
import {
  createHub,
  createWorker,
  type Hub,
  type HubEvent,
  type HubOptions,
  type Worker,
  type WorkerEvent,
  type WorkerOptions,
} from '../../lib/index.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import type { Link } from '../../lib/transport/link.js';
import { memoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { Machine } from '../simulation/machine.js';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A fleet on a network and a clock of its own. Each process has a host of its own: `hub`, or the worker's id. */
export class Bus {
  readonly clock = virtualClock();
  readonly network = memoryNetwork({ clock: this.clock });
  readonly machines = new Map<string, Machine>();
  readonly events: HubEvent[] = [];
  readonly workerEvents: (WorkerEvent & { worker: string })[] = [];
  readonly workers: Worker[] = [];
  hub!: Hub;

  /** A bus whose hub listens and whose workers have joined. */
  static async of(hub: HubOptions = {}, ...workers: Omit<WorkerOptions, 'hub'>[]): Promise<Bus> {
    const bus = new Bus();
    await bus.startHub(hub);
    for (const options of workers) await bus.join(options);
    return bus;
  }

  async startHub(options: HubOptions = {}, host = 'hub'): Promise<Hub> {
    const machine = this.machine(host);
    this.hub = createHub({
      listen: { address: 'hub', transport: machine.transport },
      clock: machine.clock,
      log: silent,
      ...options,
    });
    this.hub.events$.subscribe((event) => this.events.push(event));
    await this.settled(this.hub.start());
    return this.hub;
  }

  worker({ id = 'w1', ...options }: Omit<WorkerOptions, 'hub'> = {}, host = id): Worker {
    const machine = this.machine(host);
    const worker = createWorker({
      hub: { address: 'hub', transport: machine.transport },
      id,
      clock: machine.clock,
      version: '1.0.0',
      reconnect: { random: () => 0.5 },
      log: silent,
      ...options,
    });
    worker.events$.subscribe((event) => this.workerEvents.push({ ...event, worker: host }));
    this.workers.push(worker);
    return worker;
  }

  async join(options: Omit<WorkerOptions, 'hub'> = {}, host?: string): Promise<Worker> {
    const worker = this.worker(options, host);
    await this.settled(worker.start());
    return worker;
  }

  machine(host: string): Machine {
    let machine = this.machines.get(host);
    if (machine === undefined) {
      machine = new Machine(host, this.clock, this.network);
      this.machines.set(host, machine);
    }
    return machine;
  }

  /** What a promise comes to without a moment passing. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    const pending = Symbol('pending');
    promise.catch(() => {});
    await this.clock.settle();
    const result = await Promise.race([promise, this.clock.settle().then(() => pending)]);
    if (result === pending) expect.fail('it does not settle without time passing');
    return result as T;
  }

  /** What happened at the hub, as `kind worker`, since it was last asked. */
  happened(): string[] {
    return this.events
      .splice(0)
      .map(({ kind, worker }) => (worker === undefined ? kind : `${kind} ${worker}`));
  }

  cut(worker: string): void {
    this.network.cut(worker);
  }

  /** Ends everything; afterwards nothing may be left. */
  async close(): Promise<void> {
    for (const machine of this.machines.values()) machine.release();
    this.network.heal();
    for (const worker of this.workers) void worker.close();
    await this.clock.settle();
    void this.hub.close();
    await this.clock.advance(30_000);
    expect(this.network.links, 'open links').to.equal(0);
    expect(this.clock.pending, 'pending timers').to.equal(0);
  }
}

/** What a promise rejected with: a `BusError` of this code. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<BusError> {
  try {
    await promise;
  } catch (thrown) {
    if (!BusError.is(thrown)) throw thrown;
    expect(thrown.code, thrown.message).to.equal(code);
    return thrown;
  }
  return expect.fail(`it should have failed with ${code}`);
}

/** What a promise came to, to be looked at while time passes. */
export function watched<T>(promise: Promise<T>): { value?: T; error?: BusError; done: boolean } {
  const watch: { value?: T; error?: BusError; done: boolean } = { done: false };
  promise.then(
    (value) => Object.assign(watch, { value, done: true }),
    (error) => Object.assign(watch, { error, done: true }),
  );
  return watch;
}

export const nobody: Hello = {
  kind: 'hello',
  labels: {},
  handles: [],
  features: [],
  requires: [],
  extra: {},
};

/** A peer that speaks frames by hand. */
export class Stranger {
  readonly frames: Frame[] = [];
  readonly link: Link;
  ended = false;

  constructor(bus: Bus, host = 'stranger') {
    this.link = bus.network.transport(host).dial({ address: 'hub', maxBatchBytes: 1e7 }, 'attach');
    this.link.batches$.subscribe({
      next: (batch) => this.frames.push(...decodeBatch(batch).frames),
      error: () => {
        this.ended = true;
      },
      complete: () => {
        this.ended = true;
      },
    });
  }

  send(...frames: Frame[]): this {
    return this.bytes(encodeBatch(frames));
  }

  bytes(bytes: Uint8Array): this {
    this.link.write(bytes, () => {});
    return this;
  }

  of<K extends Frame['kind']>(kind: K): Extract<Frame, { kind: K }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { kind: K }> => frame.kind === kind);
  }
}
