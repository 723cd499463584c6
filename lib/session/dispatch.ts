import type { Subscription } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import { BatchWriter } from '../frame/codec.js';
import type { Call, Surroundings } from '../handler/call.js';
import { type Codecs, standardCodecs } from '../handler/codec.js';
import type { Log, Peer } from '../handler/context.js';
import { busErrorOf, stackOf } from '../handler/fault.js';
import type { Registration } from '../handler/registration.js';
import type { Handlers } from '../handler/registry.js';
import { Reserve } from '../lane/assembly.js';
import { Gate } from '../lane/gate.js';
import { Lane } from '../lane/lane.js';
import { Memory } from '../lane/memory.js';
import { WriterPool } from '../lane/writer-pool.js';
import type { Marks } from '../pulse/pulse.js';
import type { SessionScope } from '../services/injection.js';
import type { Clock } from '../time/clock.js';
import { Deadlines } from '../time/deadlines.js';
import { Blockage } from './blockage.js';
import { Marking } from './marking.js';
import { defaultBeat } from './option.js';
import { Runs } from './runs.js';
import { Tally } from './tally.js';
import { type Answer, type Task, taskOf } from './task.js';

/** Something that went wrong on this side: with a message, or with what judges a peer. */
export interface DispatchEvent {
  readonly kind: 'fault' | 'abandoned' | 'overflow';
  /** Who sent the message, or is judged. */
  readonly peer: string;
  /** Of the message, where it is about one. */
  readonly type?: string;
  /** The plugin at fault, or else that of the handler; absent for the application's own, and where no handler was reached. */
  readonly plugin?: string;
  readonly error: BusError;
}

export interface DispatchOptions {
  readonly clock: Clock;
  readonly lane: {
    readonly concurrency: number;
    readonly capacity: number;
    readonly capacityBytes: number;
    /** Bytes that large payloads may take together; default 128 MiB. */
    readonly reassemblyBytes?: number;
    readonly sources?: number;
  };
  /** Bytes that the process may hold in all; default: any number. */
  readonly maxMemoryBytes?: number;
  readonly handlers: Handlers;
  readonly log: Log;
  /** What payloads are read with, and replies written; default: JSON and bytes alone. */
  readonly codecs?: Codecs;
  readonly exposeStacks: boolean;
  /** How long a handler may hold the event loop before a warning names it, in milliseconds; default 2,000. */
  readonly stalledAfterMs?: number;
  /** Where it is marked which handler runs, for who watches from another thread. */
  readonly marks?: Marks | undefined;
  /** The services of one session, for its handlers. */
  session(peer: Peer): SessionScope;
  emit(event: DispatchEvent): void;
}

/** A handler's gates: its own, and one per key that is queued or running. */
interface Gates {
  readonly own: Gate;
  readonly keys: Map<string | number, Gate>;
}

/** What one process does with the messages of all its sessions: one lane, its handlers, and their gates. */
export class Dispatch {
  readonly lane: Lane<Task, Answer>;
  readonly handlers: Handlers;
  readonly tally = new Tally();
  /** Room for large payloads, from their first part until the handler has ended or the caller has its reply. */
  readonly reserve: Reserve;
  /** What else is held: what leaves, until it is acknowledged, and items of streams that wait. */
  readonly memory: Memory;
  readonly blockage: Blockage;
  /** Of the calls and ticks of all sessions. */
  readonly deadlines: Deadlines;
  /** For what leaves over all sessions. */
  readonly writers: WriterPool;
  readonly #marking: Marking | undefined;
  readonly #options: DispatchOptions;
  readonly #gates = new WeakMap<Registration, Gates>();
  #last: { readonly registration: Registration; readonly gates: Gates } | undefined;
  readonly #running = new Runs();
  readonly #stuck = new Set<Gate>();
  readonly #answering: Subscription;
  readonly #loggedAt = new Map<string, number>();
  #handled = 0;
  #draining = false;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.handlers = options.handlers;
    this.reserve = new Reserve(options.lane.reassemblyBytes ?? 128 * 1024 * 1024);
    this.memory = new Memory({
      maxBytes: options.maxMemoryBytes ?? Number.MAX_SAFE_INTEGER,
      promisedBytes: options.lane.capacityBytes + this.reserve.capacity,
      alone: options.lane.sources === 1,
    });
    // One with a single peer is better off with what fits that.
    this.writers = new WriterPool(() => new BatchWriter(options.lane.sources === 1 ? undefined : slabBytes));
    const { clock, log, handlers, marks, stalledAfterMs = defaultBeat.stalledAfterMs } = options;
    this.deadlines = new Deadlines(clock);
    this.blockage = new Blockage({ clock, log, stalledAfterMs, inFlight: () => this.#inFlight() });
    this.#marking = marks && new Marking(marks, handlers);
    this.lane = new Lane<Task, Answer>({
      ...options.lane,
      clock: this.blockage.clock,
      run: (task) => this.#run(task),
      onFailure: (task, thrown) => this.fault('fault', task.route.surroundings.from.id, task.type, thrown),
    });
    this.#answering = this.lane.outputs$.subscribe(({ task, reply }) => task.route.owner.answer(task, reply));
  }

  /** Whether new messages are turned away. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Nothing is queued and nothing runs. */
  get idle(): boolean {
    return this.lane.queued === 0 && this.lane.inFlight === 0;
  }

  now(): number {
    return this.#options.clock.now();
  }

  /** What a beat tells. */
  load() {
    const { clock } = this.#options;
    const { oldest } = this.#running;
    return {
      inFlight: this.lane.inFlight,
      queued: this.lane.queued,
      handled: this.#handled,
      oldestMs: oldest ? clock.now() - oldest.startedAt : 0,
    };
  }

  /** Handlers in flight by their ids among the marks, the one that began first in front. */
  oldest(): readonly number[] {
    return this.#marking?.oldest(this.#inFlight()) ?? [];
  }

  /** The services of one session. */
  session(peer: Peer): SessionScope {
    return this.#options.session(peer);
  }

  /** What the lane holds and has done, in numbers. */
  get gauge() {
    const { concurrency, capacity, capacityBytes } = this.#options.lane;
    const { running } = this.tally.received;
    const { queued } = this.lane;
    return { queued, running, handled: this.#handled, concurrency, capacity, capacityBytes };
  }

  /** How much of the memory of the process is taken. */
  get memoryGauge() {
    const { memory, reserve, lane } = this;
    const usedBytes = memory.used + reserve.used + lane.heldBytes;
    return {
      memory: { usedBytes, maxBytes: memory.maxBytes },
      reassembly: { usedBytes: reserve.used, capacityBytes: reserve.capacity },
    };
  }

  /** What every handler of one session's messages gets. */
  surroundings(from: Peer, services: SessionScope): Surroundings {
    const { clock, log, codecs = standardCodecs, exposeStacks } = this.#options;
    return {
      from,
      ids: `${from.id}/${from.epoch}/`,
      services,
      clock,
      log,
      codecs,
      exposeStacks,
      onFault: (error, call: Call) => {
        const task = taskOf(call);
        task.fate ??= task.expired ? 'expired' : 'faulted';
        this.fault('fault', from.id, task.type, error, call.route.registration.plugin);
      },
      onAbandoned: (call, settled) => this.#abandon(call, settled, from.id),
    };
  }

  /** The gate of a handler. One type takes half of the slots unless its handler asks for another number. */
  gate(registration: Registration): Gate {
    return this.#gatesOf(registration).own;
  }

  /** Gives a task the gate of its key, if its handler has keys. Reads the payload. */
  addKey(task: Task): void {
    const { registration } = task.route;
    if (registration.options.key === undefined) return;
    const { keys } = this.#gatesOf(registration);
    const name = task.readKey();
    const key = keys.get(name) ?? new Gate(1);
    keys.set(name, key);
    task.keyed(name, key);
  }

  fault(kind: DispatchEvent['kind'], peer: string, type: string, thrown: unknown, plugin?: string): void {
    const error = busErrorOf(thrown);
    const named = error.details.plugin;
    const whose = typeof named === 'string' ? named : plugin;
    this.#options.emit({ kind, peer, ...(type ? { type } : {}), ...(whose ? { plugin: whose } : {}), error });
    if (error.code === 'handler-failed') this.#logFailure(peer, type, error);
  }

  /** The detector of a peer failed and was replaced: an event without a message type, and a line at most once a second. */
  misjudged(peer: string, error: BusError, plugin: string | undefined): void {
    this.fault('fault', peer, '', error, plugin);
    this.#logRarely('', error.message);
  }

  drain(): void {
    this.#draining = true;
  }

  close(): void {
    this.#answering.unsubscribe();
    this.blockage.close();
    this.#marking?.close();
  }

  #run(task: Task): readonly Answer[] | Task | undefined {
    this.tally.received.running += 1;
    if (this.#stuck.size > 0 && this.#stuck.has(task.key ?? task.gate)) {
      task.fate ??= 'faulted';
      task.cancel(stuck(task.type));
    }
    const { registration } = task.route;
    this.blockage.begins(registration);
    const before = this.#marking?.enter(registration);
    const replies = task.run();
    if (before !== undefined) this.#marking?.leave(before);
    if (replies !== undefined && 'follow' in replies) {
      this.#running.add(task, this.#options.clock.now());
      this.blockage.waits();
      this.#marking?.waits(registration);
      return task;
    }
    this.#finished(task);
    return replies?.map((reply) => ({ task, reply }));
  }

  /** The handler of a task that went on has ended. */
  ended(task: Task): void {
    const { registration } = task.route;
    this.#running.remove(task);
    this.blockage.ended(registration);
    this.#marking?.ended(registration);
    this.#finished(task);
  }

  *#inFlight(): Iterable<Registration> {
    for (let run = this.#running.oldest; run !== undefined; run = run.after)
      yield run.task.route.registration;
  }

  /** A handler that throws is not silent where it runs: at most one line a second and type, with the stack. */
  #logFailure(peer: string, type: string, error: BusError): void {
    const { cause } = error;
    const what = stackOf(cause) || error.message;
    this.#logRarely(type, `the handler of '${type}' failed for a message from '${peer}': ${what}`);
  }

  #logRarely(type: string, text: string): void {
    const now = this.#options.clock.now();
    if (now - (this.#loggedAt.get(type) ?? Number.NEGATIVE_INFINITY) < loggedEveryMs) return;
    this.#loggedAt.set(type, now);
    this.#options.log.error(text);
  }

  /** Its slot is free now. One that keeps an order keeps it: until it settles, what follows is answered with `stuck`. */
  #abandon(call: Call, settled: Promise<void>, peer: string): void {
    const { type } = call.message;
    this.tally.received.abandoned += 1;
    this.fault('abandoned', peer, type, stuck(type, call.heldBy), call.route.registration.plugin);
    const { registration } = call.route;
    this.blockage.waits();
    this.#marking?.waits(registration);
    void settled.then(() => {
      this.blockage.ended(registration);
      this.#marking?.ended(registration);
    });
    const task = taskOf(call);
    const ordered = task.key ?? (task.gate.limit === 1 ? task.gate : undefined);
    if (ordered === undefined) return;
    this.#stuck.add(ordered);
    void settled.then(() => {
      this.#stuck.delete(ordered);
      this.forget(task);
    });
  }

  #finished(task: Task): void {
    this.#handled += 1;
    this.tally.received.running -= 1;
    task.route.owner.finished(task);
  }

  /** A task has ended: the gate of its key goes when nothing uses it. */
  forget({ route: { registration }, key, keyName }: Task): void {
    if (key === undefined) return;
    this.#options.clock.atTurnEnd(() => {
      const { keys } = this.#gatesOf(registration);
      if (key.idle && !this.#stuck.has(key) && keys.get(keyName) === key) keys.delete(keyName);
    });
  }

  #gatesOf(registration: Registration): Gates {
    // Messages of one type come in rows.
    if (this.#last?.registration === registration) return this.#last.gates;
    let gates = this.#gates.get(registration);
    if (gates === undefined) {
      const slots = this.#options.lane.concurrency;
      const { concurrency = Math.ceil(slots / 2) } = registration.options;
      // Who asks for more slots gets as much more of the places.
      const part = registration.options.concurrency === undefined ? 1 / 2 : concurrency / slots;
      gates = { own: new Gate(concurrency, Math.min(1, Math.max(1 / 2, part))), keys: new Map() };
      this.#gates.set(registration, gates);
    }
    this.#last = { registration, gates };
    return gates;
  }
}

const loggedEveryMs = 1_000;

/** What the batches of many peers are written into, one after the other. */
const slabBytes = 64 * 1024;

/** `plugin`: the one whose interceptor has the message, if one does. */
const stuck = (type: string, plugin?: string) =>
  new BusError(
    'stuck',
    `${plugin === undefined ? 'a handler' : `an interceptor of plugin '${plugin}' around a handler`} of '${type}' ` +
      'still runs 5 s after its signal fired: make it heed context.signal',
    { details: { type, ...(plugin === undefined ? {} : { plugin }) } },
  );
