import { finalize, map, type ObservableInput, type Subscription } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { Call, Reply, Surroundings } from '../handler/call.js';
import { type Codecs, standardCodecs } from '../handler/codec.js';
import type { Log, Peer } from '../handler/context.js';
import { busErrorOf, stackOf } from '../handler/fault.js';
import type { Registration } from '../handler/registration.js';
import type { Handlers } from '../handler/registry.js';
import { Reserve } from '../lane/assembly.js';
import { Gate } from '../lane/gate.js';
import { Lane } from '../lane/lane.js';
import type { SessionScope } from '../services/injection.js';
import type { Clock } from '../time/clock.js';
import { Tally } from './tally.js';
import { type Task, taskOf } from './task.js';

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
  readonly handlers: Handlers;
  readonly log: Log;
  /** What payloads are read with, and replies written; default: JSON and bytes alone. */
  readonly codecs?: Codecs;
  readonly exposeStacks: boolean;
  /** The services of one session, for its handlers. */
  session(peer: Peer): SessionScope;
  emit(event: DispatchEvent): void;
}

interface Answer {
  readonly task: Task;
  readonly reply: Reply;
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
  readonly #options: DispatchOptions;
  readonly #gates = new WeakMap<Registration, Gates>();
  readonly #running = new Set<Task>();
  readonly #stuck = new Set<Gate>();
  readonly #answering: Subscription;
  readonly #loggedAt = new Map<string, number>();
  #handled = 0;
  #draining = false;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.handlers = options.handlers;
    this.reserve = new Reserve(options.lane.reassemblyBytes ?? 128 * 1024 * 1024);
    this.lane = new Lane<Task, Answer>({
      ...options.lane,
      clock: options.clock,
      run: (task) => this.#run(task),
      onFailure: (task, thrown) =>
        this.fault('fault', task.invocation.surroundings.from.id, task.type, thrown),
    });
    this.#answering = this.lane.outputs$.subscribe(({ task, reply }) => task.owner.answer(task, reply));
  }

  /** Whether new messages are turned away. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Nothing is queued and nothing runs. */
  get idle(): boolean {
    return this.lane.queued === 0 && this.lane.inFlight === 0;
  }

  /** What a beat tells. */
  load() {
    const { clock } = this.#options;
    const [oldest] = this.#running;
    return {
      inFlight: this.lane.inFlight,
      queued: this.lane.queued,
      handled: this.#handled,
      oldestMs: oldest ? clock.now() - oldest.startedAt : 0,
    };
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

  /** What every handler of one session's messages gets. */
  surroundings(from: Peer, services: SessionScope): Surroundings {
    const { clock, log, codecs = standardCodecs, exposeStacks } = this.#options;
    return {
      from,
      services,
      clock,
      log,
      codecs,
      exposeStacks,
      onFault: (error, call: Call) => {
        const task = taskOf(call);
        task.fate ??= task.invocation.expired ? 'expired' : 'faulted';
        this.fault('fault', from.id, task.type, error, call.registration.plugin);
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
    const { registration } = task.invocation;
    if (registration.options.key === undefined) return;
    const { keys } = this.#gatesOf(registration);
    task.keyName = task.invocation.key();
    task.key = keys.get(task.keyName) ?? new Gate(1);
    keys.set(task.keyName, task.key);
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
  }

  #run(task: Task): ObservableInput<Answer> | undefined {
    this.tally.received.running += 1;
    if (this.#stuck.has(task.key ?? task.gate)) {
      task.fate ??= 'faulted';
      task.invocation.cancel(stuck(task.type));
    }
    const replies = task.invocation.run();
    if (replies === undefined || Array.isArray(replies)) {
      this.#finished(task);
      return replies?.map((reply: Reply) => ({ task, reply }));
    }
    task.startedAt = this.#options.clock.now();
    this.#running.add(task);
    return (replies as Exclude<typeof replies, readonly Reply[]>).pipe(
      map((reply) => ({ task, reply })),
      finalize(() => {
        this.#running.delete(task);
        this.#finished(task);
      }),
    );
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
    this.fault('abandoned', peer, type, stuck(type, call.heldBy), call.registration.plugin);
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
    task.owner.finished(task);
  }

  /** A task has ended: the gate of its key goes when nothing uses it. */
  forget({ invocation, key, keyName }: Task): void {
    if (key === undefined) return;
    this.#options.clock.atTurnEnd(() => {
      const { keys } = this.#gatesOf(invocation.registration);
      if (key.idle && !this.#stuck.has(key) && keys.get(keyName) === key) keys.delete(keyName);
    });
  }

  #gatesOf(registration: Registration): Gates {
    let gates = this.#gates.get(registration);
    if (gates === undefined) {
      const slots = this.#options.lane.concurrency;
      const { concurrency = Math.ceil(slots / 2) } = registration.options;
      // Who asks for more slots gets as much more of the places.
      const part = registration.options.concurrency === undefined ? 1 / 2 : concurrency / slots;
      gates = { own: new Gate(concurrency, Math.min(1, Math.max(1 / 2, part))), keys: new Map() };
      this.#gates.set(registration, gates);
    }
    return gates;
  }
}

const loggedEveryMs = 1_000;

/** `plugin`: the one whose interceptor has the message, if one does. */
const stuck = (type: string, plugin?: string) =>
  new BusError(
    'stuck',
    `${plugin === undefined ? 'a handler' : `an interceptor of plugin '${plugin}' around a handler`} of '${type}' ` +
      'still runs 5 s after its signal fired: make it heed context.signal',
    { details: { type, ...(plugin === undefined ? {} : { plugin }) } },
  );
