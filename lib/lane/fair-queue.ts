import { Flow, type FlowSource } from './flow.js';
import type { Gate } from './gate.js';
import { Ring } from './ring.js';
import type { Work } from './work.js';

/** One source's part of the queue: its flows, and the round of those that may start something. */
export class QueueSource<W extends Work, Owner> implements FlowSource<W> {
  readonly #flows = new Map<Gate, Flow<W>>();
  readonly #round = new Ring<Flow<W>>();
  readonly #queue: FairQueue<W, Owner>;
  /** The flows that a place is kept for. */
  readonly #woken = new Set<Flow<W>>();
  #listed = false;
  #paused = false;
  #last: Flow<W> | undefined;

  constructor(
    queue: FairQueue<W, Owner>,
    readonly owner: Owner,
  ) {
    this.#queue = queue;
  }

  push(work: W): void {
    const gate = work.key ?? work.gate;
    let flow = this.#last?.gate === gate ? this.#last : this.#flows.get(gate);
    if (flow === undefined) {
      flow = new Flow(this, work.gate, work.key);
      this.#flows.set(gate, flow);
    }
    if (flow.key === undefined) this.#last = flow;
    flow.works.push(work);
    this.#queue.count(work, 1);
    this.list(flow);
  }

  /** Takes a work out again. Costs as much as there is in front of it in its flow. */
  remove(work: W): boolean {
    const taken = this.#flows.get(work.key ?? work.gate)?.works.remove(work) ?? false;
    if (taken) this.#queue.count(work, -1);
    return taken;
  }

  /** Takes everything out and leaves every gate. */
  clear(): W[] {
    const taken: W[] = [];
    for (const flow of this.#flows.values()) {
      for (const work of flow.works.clear()) {
        this.#queue.count(work, -1);
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
   * gates to the others. O(1), but for those places.
   */
  pause(): void {
    this.#paused = true;
    const woken = [...this.#woken];
    this.#woken.clear();
    for (const flow of woken) flow.passOn();
  }

  resume(): void {
    this.#paused = false;
    this.#relist();
  }

  woken(flow: Flow<W>): boolean {
    if (!this.#paused) this.#woken.add(flow);
    return !this.#paused;
  }

  list(flow: Flow<W>): void {
    if (flow.listed) return;
    flow.listed = true;
    this.#round.push(flow);
    this.#relist();
  }

  /** Flows of keys come and go; those of handlers are few and stay. */
  forget(flow: Flow<W>): void {
    if (flow.key !== undefined && !flow.listed) this.#flows.delete(flow.key);
  }

  /** For the queue, once per round: the next work of this source that its gates let in. */
  take(): W | undefined {
    this.#listed = false;
    if (this.#paused) return undefined;
    const flow = this.#round.shift();
    if (flow === undefined) return undefined;
    flow.listed = false;
    if (flow.kept !== undefined) this.#woken.delete(flow);
    const work = flow.enter() ? flow.works.shift() : undefined;
    if (work !== undefined) {
      this.#queue.count(work, -1);
      if (flow.works.length > 0) this.list(flow);
      else this.forget(flow);
    }
    this.#relist();
    return work;
  }

  #relist(): void {
    if (this.#listed || this.#paused || this.#round.length === 0) return;
    this.#listed = true;
    this.#queue.list(this);
  }
}

/**
 * Round-robin across sources, inside a source across flows. A flow whose gate is closed leaves the round and comes
 * back when a place frees, so that taking one costs O(1), however many wait.
 */
export class FairQueue<W extends Work, Owner> {
  readonly #round = new Ring<QueueSource<W, Owner>>();
  #works = 0;

  get works(): number {
    return this.#works;
  }

  /** Whether `take` has somewhere to look. */
  get ready(): boolean {
    return this.#round.length > 0;
  }

  /** The next work in turn, with its places at its gates taken, and whose it is. */
  take(start: (work: W, owner: Owner) => void): boolean {
    for (;;) {
      const source = this.#round.shift();
      if (source === undefined) return false;
      const work = source.take();
      if (work === undefined) continue;
      start(work, source.owner);
      return true;
    }
  }

  list(source: QueueSource<W, Owner>): void {
    this.#round.push(source);
  }

  count(work: W, change: 1 | -1): void {
    this.#works += change;
    work.gate.count(change);
    work.key?.count(change);
  }
}
