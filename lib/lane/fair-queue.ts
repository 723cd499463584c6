import { FirstSlots } from './first-slots.js';
import type { Flow } from './flow.js';
import type { QueueSource, Round } from './queue-source.js';
import { Ring } from './ring.js';
import type { Work } from './work.js';

/**
 * Round-robin across sources, inside a source across flows. A flow whose gate is closed leaves the round and comes
 * back when a place frees, so that taking one costs O(1), however many wait.
 */
export class FairQueue<W extends Work, Owner> implements Round<W, Owner> {
  readonly #round = new Ring<QueueSource<W, Owner>>();
  readonly #first = new FirstSlots<W>();
  #works = 0;

  get works(): number {
    return this.#works;
  }

  /** Whether `take` has somewhere to look. */
  get ready(): boolean {
    return this.#round.length > 0;
  }

  /** The same for `takeFirst`. */
  get firstReady(): boolean {
    return this.#first.waiting;
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

  /** For when all slots are taken: a work of a handler that runs nothing, as `take` gives it. */
  takeFirst(start: (work: W, owner: Owner) => void): boolean {
    const flow = this.#first.next();
    if (flow === undefined) return false;
    // All flows are of sources of this queue.
    const source = flow.source as QueueSource<W, Owner>;
    start(source.takeFrom(flow) as W, source.owner);
    return true;
  }

  /** A work has ended: its places are free. */
  leave({ key, gate }: W): void {
    key?.leave();
    gate.leave();
    this.#first.note(gate);
  }

  list(source: QueueSource<W, Owner>): void {
    this.#round.push(source);
  }

  count(work: W, flow: Flow<W>, change: 1 | -1): void {
    this.#works += change;
    work.gate.count(change);
    work.key?.count(change);
    flow.share.count(work.bytes, change);
    if (change > 0) this.revive(flow);
  }

  revive(flow: Flow<W>): void {
    this.#first.index(flow);
    this.#first.note(flow.gate);
  }
}
