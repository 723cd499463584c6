import { Flow, type FlowSource } from './flow.js';
import type { Gate } from './gate.js';
import { Ring } from './ring.js';
import type { Shares } from './shares.js';
import type { Work } from './work.js';

/** What a source tells the queue that it belongs to. */
export interface Round<W extends Work, Owner> {
  /** It may start something. */
  list(source: QueueSource<W, Owner>): void;
  /** A work was queued (1) or has left the queue (-1). */
  count(work: W, flow: Flow<W>, change: 1 | -1): void;
  /** A flow has something to start. */
  revive(flow: Flow<W>): void;
}

/** One source's part of the queue: its flows, and the round of those that may start something. */
export class QueueSource<W extends Work, Owner> implements FlowSource<W> {
  #flows: Map<Gate, Flow<W>> | undefined;
  readonly #round = new Ring<Flow<W>>();
  readonly #queue: Round<W, Owner>;
  readonly #shares: Shares;
  /** The flows that a place is kept for. */
  #woken: Set<Flow<W>> | undefined;
  #listed = false;
  #paused = false;
  #last: Flow<W> | undefined;

  constructor(
    queue: Round<W, Owner>,
    readonly owner: Owner,
    shares: Shares,
  ) {
    this.#queue = queue;
    this.#shares = shares;
  }

  get paused(): boolean {
    return this.#paused;
  }

  push(work: W): void {
    const gate = work.key ?? work.gate;
    let flow = this.#last?.gate === gate ? this.#last : this.#flows?.get(gate);
    if (flow === undefined) {
      flow = new Flow(this, work.gate, work.key, this.#shares.of(work.type, work.gate.part));
      this.#flows ??= new Map();
      this.#flows.set(gate, flow);
    }
    if (flow.key === undefined) this.#last = flow;
    flow.works.push(work);
    this.#queue.count(work, flow, 1);
    this.list(flow);
  }

  /** Takes a work out again. Costs as much as there is in front of it in its flow. */
  remove(work: W): boolean {
    const flow = this.#flows?.get(work.key ?? work.gate);
    if (flow?.works.remove(work) !== true) return false;
    this.#queue.count(work, flow, -1);
    return true;
  }

  /** Takes everything out and leaves every gate. */
  clear(): W[] {
    const taken: W[] = [];
    for (const flow of this.#flows?.values() ?? []) {
      for (const work of flow.works.clear()) {
        this.#queue.count(work, flow, -1);
        taken.push(work);
      }
      flow.parkedAt?.unpark(flow);
      if (flow.parkedAt !== undefined) flow.listed = false;
      flow.parkedAt = undefined;
      this.forget(flow);
    }
    return taken;
  }

  /**
   * Starts nothing until `resume`. Places that are kept for it go to the next in line at once, or it would close its
   * gates to the others. O(1), but for those places; `resume` looks at each flow once.
   */
  pause(): void {
    this.#paused = true;
    const woken = this.#woken;
    this.#woken = undefined;
    for (const flow of woken ?? []) flow.passOn();
  }

  resume(): void {
    this.#paused = false;
    for (const flow of this.#flows?.values() ?? []) if (flow.works.length > 0) this.#queue.revive(flow);
    this.#relist();
  }

  woken(flow: Flow<W>): boolean {
    if (this.#paused) return false;
    this.#woken ??= new Set();
    this.#woken.add(flow);
    return true;
  }

  list(flow: Flow<W>): void {
    if (flow.listed) return;
    flow.listed = true;
    this.#round.push(flow);
    this.#relist();
  }

  /** Flows of keys come and go; those of handlers are few and stay. */
  forget(flow: Flow<W>): void {
    if (flow.key !== undefined && !flow.listed) this.#flows?.delete(flow.key);
  }

  /** For the queue, once per round: the next work of this source that its gates let in. */
  take(): W | undefined {
    this.#listed = false;
    if (this.#paused) return undefined;
    const flow = this.#round.shift();
    if (flow === undefined) return undefined;
    flow.listed = false;
    const work = this.takeFrom(flow);
    if (work !== undefined) {
      if (flow.works.length > 0) this.list(flow);
      else this.forget(flow);
    }
    this.#relist();
    return work;
  }

  /** The next work of this flow, if its gates let it in. */
  takeFrom(flow: Flow<W>): W | undefined {
    if (flow.kept !== undefined) this.#woken?.delete(flow);
    const work = flow.enter() ? flow.works.shift() : undefined;
    if (work !== undefined) this.#queue.count(work, flow, -1);
    return work;
  }

  #relist(): void {
    if (this.#listed || this.#paused || this.#round.length === 0) return;
    this.#listed = true;
    this.#queue.list(this);
  }
}
