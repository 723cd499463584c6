import type { Log } from '../../lib/handler/context.js';
import { any } from '../../lib/handler/target.js';
import type { HubEvent } from '../../lib/hub/event.js';
import type { Member } from '../../lib/hub/member.js';
import { BusError, createHub, createWorker, type Hub, type WorkerOptions } from '../../lib/index.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import type { Session } from '../../lib/session/session.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { type MemoryNetwork, memoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { seededRandom } from '../../lib/transport/memory/seeded-random.js';
import type { WorkerEvent } from '../../lib/worker/event.js';
import { Worker } from '../../lib/worker/worker.js';
import { Audit } from './audit.js';
import { Beating } from './beating.js';
import { Book } from './book.js';
import { baseline, type LinkFault, through } from './fault.js';
import { type Kind, kindOf } from './kind.js';
import { Machine } from './machine.js';
import { boundsOf, closed, guest, handlers, type Route } from './party.js';
import { around, learning, Visits } from './plugins.js';
import { Vigil } from './vigil.js';

/** Short, so that a run of some virtual seconds sees many verdicts. */
export const beat = { intervalMs: 100, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 200 };

/** Who knows it belongs to the fleet. */
export const secret = 'the word';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

interface Process {
  readonly machine: Machine;
  /** The handler that comes and goes, while it is there. */
  guest: Disposable | undefined;
}

export interface HubProcess extends Process {
  readonly hub: Hub;
}

export interface WorkerProcess extends Process {
  readonly id: string;
  readonly worker: Worker;
  readonly baseline: boolean;
  /** Its pulse, where it has one. */
  readonly beating: Beating | undefined;
}

export interface WorldOptions {
  readonly fault?: LinkFault;
  readonly verbose?: boolean;
}

/** One hub and its workers on a virtual network, with what is wrong with them at the moment. */
export class World {
  readonly kind: Kind;
  readonly clock = virtualClock();
  readonly network: MemoryNetwork;
  readonly random: () => number;
  readonly book: Book;
  readonly audit: Audit;
  readonly workers: (WorkerProcess | undefined)[] = [];
  hub: HubProcess | undefined;
  readonly vigil: Vigil;
  /** When hubs were held: from then until then. */
  readonly hubHeld: (readonly [from: number, to: () => number])[] = [];
  readonly #fault: LinkFault | undefined;
  /** What stands between the hub and a worker, and when something last did, by the worker's id. */
  readonly #trouble = new Map<string, { count: number; lastAt: number }>();
  readonly #machines = new Map<string, Machine>();

  constructor(seed: number, { fault, verbose = false }: WorldOptions = {}) {
    this.kind = kindOf(seed);
    this.random = seededRandom(seed);
    this.#fault = fault;
    this.book = new Book(() => this.clock.now(), verbose);
    this.audit = new Audit(this.book);
    this.vigil = new Vigil(this, beat);
    this.network = memoryNetwork({ clock: this.clock, seed });
  }

  /** Whether a process can still be asked what became of its calls: it was not killed. */
  readonly alive = (host: string): boolean => this.#machines.get(host)?.alive ?? false;

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
    const visits = new Visits(book);
    const { maxPayloadBytes, ...bounds } = boundsOf(this.kind);
    const hub = createHub({
      listen: { address: 'hub', transport: machine.transport },
      clock: machine.clock,
      beat,
      ...bounds,
      limits: { maxPayloadBytes },
      log: silent,
      plugins: this.#plugins(visits),
      authenticate: ({ extra }) => {
        if (extra.secret !== secret) throw new BusError('unauthenticated', 'says the wrong word');
        return { subject: 'one of us' };
      },
      handlers: handlers(machine, book, (from) =>
        hub.request(from, 'sync', this.errand(machine, from), { timeoutMs: 400 }),
      ),
    });
    this.audit.watch({ host: machine.host, machine, visits, stats: () => hub.stats() });
    hub.events$.subscribe((event) => this.#hubEvent(machine, hub, event));
    this.hub = { machine, hub, guest: undefined };
    hub.start().catch((thrown) => {
      if (machine.alive && !closed(thrown)) book.violation(`the hub does not start: ${thrown}`);
    });
  }

  startWorker(index: number): void {
    const id = `w${index}`;
    const isBaseline = index < this.kind.baseline;
    const machine = this.#machine(id, isBaseline ? baseline : undefined);
    const { book } = this;
    const visits = new Visits(book);
    const { transport, clock } = machine;
    const options: WorkerOptions = {
      hub: this.kind.pulsed ? 'hub' : { address: 'hub', transport },
      id,
      clock,
      ...boundsOf(this.kind),
      log: silent,
      extra: { secret },
      plugins: this.#plugins(visits),
      version: '1.0.0',
      // Well below the time after which a worker is lost, as it is by default.
      reconnect: { maxMs: 200, random: this.random },
      handlers: handlers(machine, book, () =>
        worker.request('sync', this.errand(machine, 'hub'), { timeoutMs: 400 }),
      ),
    };
    const beating = this.kind.pulsed
      ? new Beating(machine, this.clock, this.network, this.random)
      : undefined;
    const worker: Worker = beating
      ? new Worker(options, { transport, clock, injection: tsyringeInjection, pulse: beating })
      : createWorker(options);
    this.audit.watch({ host: machine.host, machine, visits, stats: () => worker.stats() });
    worker.events$.subscribe((event) => this.#workerEvent(machine, isBaseline, event));
    this.workers[index] = { id, machine, worker, baseline: isBaseline, beating, guest: undefined };
    worker.start({ timeoutMs: 60_000 }).catch((thrown) => {
      if (machine.alive && !closed(thrown)) book.violation(`${machine.host} does not join: ${thrown}`);
    });
  }

  /** Adds the handler that comes and goes, or takes it away. */
  toggleGuest(process: Process & ({ readonly hub: Hub } | { readonly worker: Worker })): void {
    const { machine } = process;
    this.book.note(`${machine.host} ${process.guest ? 'loses' : 'gets'} its guest`);
    if (process.guest) process.guest[Symbol.dispose]();
    const handle = guest(machine, this.book);
    const side = 'hub' in process ? process.hub : process.worker;
    process.guest = process.guest ? undefined : side.handle('guest', handle);
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

  /** Whether something stands between the hub and this worker, and when something last did. */
  troubleOf(id: string): { readonly standing: boolean; readonly lastAt: number } {
    const { count = 0, lastAt = 0 } = this.#trouble.get(id) ?? {};
    return { standing: count > 0, lastAt };
  }

  /** For how long hubs were held since then: what they were to judge they have judged later. */
  heldSince(at: number): number {
    return this.hubHeld.reduce((sum, [from, to]) => sum + Math.max(0, to() - Math.max(from, at)), 0);
  }

  /** The hub's side of a worker's session. */
  session(id: string): Session | undefined {
    return (this.hub?.hub.workers.get(id) as Member | undefined)?.session;
  }

  /** The payload of a handler's own request. */
  errand(machine: Machine, to: string) {
    const entry = this.book.open(machine.host, 'publish', 'sync', true);
    return { id: entry.id, n: -1, sender: machine.host, key: to, ms: 0, fails: false, items: 0, pad: '' };
  }

  #plugins(visits: Visits) {
    return [...(this.kind.plugged ? [around(visits)] : []), ...(this.kind.learns ? [learning()] : [])];
  }

  #machine(name: string, own?: LinkFault): Machine {
    const host = `${name}#${this.#machines.size + 1}`;
    const machine = new Machine(host, this.clock, this.network, through(own, this.#fault));
    this.#machines.set(host, machine);
    return machine;
  }

  #hubEvent({ host, alive }: Machine, hub: Hub, event: HubEvent): void {
    const { kind, worker = '', cause, type = '', error, epoch = '', afterMs = 0 } = event;
    const { book } = this;
    if (!alive) return;
    book.note(
      `${host} ${kind} ${worker} ${type} ${error?.code ?? (kind === 'joined' ? cause : '')} ${afterMs}`,
    );
    this.audit.look(host);
    if (kind === 'undelivered') book.undelivered(host, type);
    if (kind === 'joined') {
      book.joined(worker, hub.workers.get(worker)?.epoch ?? epoch);
      this.audit.keep((hub.workers.get(worker) as Member | undefined)?.session);
    }
    // Strangers are refused, and who knows no credit may find no room.
    if (kind === 'refused' || worker.startsWith('x')) return;
    if (kind === 'overflow' && Number(worker.slice(1)) < this.kind.baseline) return;
    if (kind === 'overflow' || error?.code === 'protocol')
      book.violation(`${host} sees ${kind} of ${worker}: ${cause}`);
    if (this.kind.pulsed) this.vigil.told(event, worker);
    if (kind !== 'lost' || !['lost', 'link'].includes(cause) || this.vigil.hadNone(epoch)) return;
    const { standing, lastAt } = this.troubleOf(worker);
    const since = this.clock.now() - lastAt - this.heldSince(lastAt);
    if (!standing && since > 0.8 * beat.lostAfterMs)
      book.violation(`${worker} is declared lost ${since} ms after its last trouble`);
  }

  #workerEvent(
    { host, alive }: Machine,
    isBaseline: boolean,
    { kind, type = '', error, cause, afterMs = 0 }: WorkerEvent,
  ): void {
    const { book } = this;
    if (!alive) return;
    book.note(`${host} ${kind} ${type} ${error?.code ?? (kind === 'connected' ? cause : '')} ${afterMs}`);
    this.audit.look(host);
    if (kind === 'undelivered') book.undelivered(host, type);
    if (kind === 'overflow' && isBaseline) return;
    if (kind === 'overflow' || error?.code === 'protocol') book.violation(`${host} sees ${kind}: ${cause}`);
  }
}

const bound = (worker: Worker): Omit<Route, 'receiver'> => ({
  send: (message, payload, options) => worker.send(message as string, payload, options),
  request: (message, payload, options) => worker.request(message as string, payload, options),
  stream: (message, payload, options) => worker.stream(message as string, payload, options),
  publish: (message, payload, overflow) => worker.publish(message as string, payload, { overflow }),
});

const toWorker = (hub: Hub, target: string | ReturnType<typeof any>, receiver: string): Route => ({
  receiver,
  send: (message, payload, options) => hub.send(target, message as string, payload, options),
  request: (message, payload, options) => hub.request(target, message as string, payload, options),
  stream: (message, payload, options) => hub.stream(target, message as string, payload, options),
  publish: (message, payload, overflow) => hub.publish(target, message as string, payload, { overflow }),
});
