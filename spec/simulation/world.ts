import type { Log } from '../../lib/handler/context.js';
import { any } from '../../lib/handler/target.js';
import type { HubEvent } from '../../lib/hub/event.js';
import { createHub, createWorker, type Hub, type Worker } from '../../lib/index.js';
import type { Plugin } from '../../lib/plugin/manifest.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { type MemoryNetwork, memoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { seededRandom } from '../../lib/transport/memory/seeded-random.js';
import type { WorkerEvent } from '../../lib/worker/event.js';
import { Book } from './book.js';
import { type LinkFault, Machine } from './machine.js';
import { closed, handlers, lane, outbox, type Route } from './party.js';

/** Short, so that a run of some virtual seconds sees many verdicts. */
export const beat = { intervalMs: 100, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 200 };

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface HubProcess {
  readonly machine: Machine;
  readonly hub: Hub;
}

export interface WorkerProcess {
  readonly id: string;
  readonly machine: Machine;
  readonly worker: Worker;
}

export interface WorldOptions {
  readonly fault?: LinkFault;
  /** Of each hub and each worker. */
  readonly plugins?: readonly Plugin[];
  readonly verbose?: boolean;
}

/** One hub and its workers on a virtual network, with what is wrong with them at the moment. */
export class World {
  readonly clock = virtualClock();
  readonly network: MemoryNetwork;
  readonly random: () => number;
  readonly book: Book;
  readonly workers: (WorkerProcess | undefined)[] = [];
  hub: HubProcess | undefined;
  readonly #fault: LinkFault | undefined;
  readonly #plugins: readonly Plugin[];
  /** What stands between the hub and a worker, and when something last did, by the worker's id. */
  readonly #trouble = new Map<string, { count: number; lastAt: number }>();
  #machines = 0;

  constructor(seed: number, { fault, plugins = [], verbose = false }: WorldOptions = {}) {
    this.random = seededRandom(seed);
    this.#fault = fault;
    this.#plugins = plugins;
    this.book = new Book(() => this.clock.now(), verbose);
    this.network = memoryNetwork({ clock: this.clock, seed });
  }

  /** Whether a process can still be asked what became of its calls. */
  alive(host: string): boolean {
    return this.hub?.machine.host === host || this.workers.some((process) => process?.machine.host === host);
  }

  /** A whole number from `low` up to and with `high`. */
  int(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  startHub(): void {
    const machine = this.#machine('hub');
    const { book } = this;
    const hub = createHub({
      listen: { address: 'hub', transport: machine.transport },
      clock: machine.clock,
      beat,
      lane,
      outbox,
      log: silent,
      plugins: this.#plugins,
      handlers: handlers(machine, book, (from) =>
        hub.request(from, 'sync', this.errand(machine, from), { timeoutMs: 400 }),
      ),
    });
    hub.events$.subscribe((event) => this.#hubEvent(machine, event));
    this.hub = { machine, hub };
    hub.start().catch((thrown) => {
      if (machine.alive && !closed(thrown)) book.violation(`the hub does not start: ${thrown}`);
    });
  }

  startWorker(index: number): void {
    const id = `w${index}`;
    const machine = this.#machine(id);
    const { book } = this;
    const worker = createWorker({
      hub: { address: 'hub', transport: machine.transport },
      id,
      clock: machine.clock,
      lane,
      outbox,
      log: silent,
      plugins: this.#plugins,
      version: '1.0.0',
      // Well below the time after which a worker is lost, as it is by default.
      reconnect: { maxMs: 200, random: this.random },
      handlers: handlers(machine, book, () =>
        worker.request('sync', this.errand(machine, 'hub'), { timeoutMs: 400 }),
      ),
    });
    worker.events$.subscribe((event) => this.#workerEvent(machine, event));
    this.workers[index] = { id, machine, worker };
    worker.start({ timeoutMs: 60_000 }).catch((thrown) => {
      if (machine.alive && !closed(thrown)) book.violation(`${machine.host} does not join: ${thrown}`);
    });
  }

  /** The ways on which a process can send at the moment. */
  routes(): { machine: Machine; route: Route }[] {
    const routes: { machine: Machine; route: Route }[] = [];
    const { hub } = this;
    for (const process of this.workers) {
      if (process === undefined) continue;
      const { id, worker, machine } = process;
      // A hub that was restarted is another process; what waits at the worker goes to the next one all the same.
      routes.push({ machine, route: { receiver: 'hub', ...bound(worker) } });
      if (hub?.hub.workers.has(id))
        routes.push({ machine: hub.machine, route: toWorker(hub.hub, id, machine.host) });
    }
    if (hub) routes.push({ machine: hub.machine, route: toWorker(hub.hub, any(), '') });
    return routes;
  }

  /** Something stands between the hub and this worker from now on; call the result when it is over. */
  trouble(id: string): () => void {
    const trouble = this.#trouble.get(id) ?? { count: 0, lastAt: 0 };
    this.#trouble.set(id, trouble);
    trouble.count += 1;
    return () => {
      trouble.count -= 1;
      trouble.lastAt = this.clock.now();
    };
  }

  /** The payload of a handler's own request. */
  errand(machine: Machine, to: string) {
    const entry = this.book.open(machine.host, 'publish', 'sync', true);
    return { id: entry.id, n: -1, sender: machine.host, key: to, ms: 0, fails: false, items: 0, pad: '' };
  }

  #machine(name: string): Machine {
    return new Machine(`${name}#${++this.#machines}`, this.clock, this.network, this.#fault);
  }

  #hubEvent(
    { host, alive }: Machine,
    { kind, worker = '', cause, type = '', error, afterMs = 0 }: HubEvent,
  ): void {
    const { book } = this;
    if (!alive) return;
    book.note(
      `${host} ${kind} ${worker} ${type} ${error?.code ?? (kind === 'joined' ? cause : '')} ${afterMs}`,
    );
    if (kind === 'undelivered') book.undelivered(host, type);
    if (kind === 'overflow' || error?.code === 'protocol')
      book.violation(`${host} sees ${kind} of ${worker}: ${cause}`);
    if (kind !== 'lost' || cause !== 'lost') return;
    const { count = 0, lastAt = 0 } = this.#trouble.get(worker) ?? {};
    const since = this.clock.now() - lastAt;
    if (count === 0 && since > 0.8 * beat.lostAfterMs)
      book.violation(`${worker} is declared lost ${since} ms after its last trouble`);
  }

  #workerEvent({ host, alive }: Machine, { kind, type = '', error, cause, afterMs = 0 }: WorkerEvent): void {
    const { book } = this;
    if (!alive) return;
    book.note(`${host} ${kind} ${type} ${error?.code ?? (kind === 'connected' ? cause : '')} ${afterMs}`);
    if (kind === 'undelivered') book.undelivered(host, type);
    if (kind === 'overflow' || error?.code === 'protocol') book.violation(`${host} sees ${kind}: ${cause}`);
  }
}

const bound = (worker: Worker): Omit<Route, 'receiver'> => ({
  send: (type, payload, options) => worker.send(type, payload, options),
  request: (type, payload, options) => worker.request(type, payload, options),
  stream: (type, payload, options) => worker.stream(type, payload, options),
  publish: (type, payload, overflow) => worker.publish(type, payload, { overflow }),
});

const toWorker = (hub: Hub, target: string | ReturnType<typeof any>, receiver: string): Route => ({
  receiver,
  send: (type, payload, options) => hub.send(target, type, payload, options),
  request: (type, payload, options) => hub.request(target, type, payload, options),
  stream: (type, payload, options) => hub.stream(target, type, payload, options),
  publish: (type, payload, overflow) => hub.publish(target, type, payload, { overflow }),
});
