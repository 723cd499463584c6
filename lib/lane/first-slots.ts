import type { Flow } from './flow.js';
import type { Gate } from './gate.js';
import { Ring } from './ring.js';
import type { Work } from './work.js';

const emptyKept = 64;

/**
 * Finds what may start though all slots of the lane are taken: a work of a handler that runs nothing. Handlers may fill
 * the lane and each wait for another one; that one has a slot of its own.
 */
export class FirstSlots<W extends Work> {
  /** The flows of a gate that have works, and some that had. */
  readonly #flows = new WeakMap<Gate, Ring<Flow<W>>>();
  /** Gates that ran nothing while works waited there, when they were last looked at. */
  readonly #idle = new Ring<Gate>();

  /** Whether `take` has somewhere to look. */
  get waiting(): boolean {
    for (let gate = this.#idle.at(0); gate !== undefined; gate = this.#idle.at(0)) {
      if (gate.running === 0 && gate.queued > 0) return true;
      this.#idle.shift();
      gate.noted = false;
    }
    return false;
  }

  /** A gate has something queued, or runs one less. */
  note(gate: Gate): void {
    if (gate.noted || gate.running > 0 || gate.queued === 0) return;
    gate.noted = true;
    this.#idle.push(gate);
  }

  /** A flow has something to start. */
  index(flow: Flow<W>): void {
    if (flow.indexed) return;
    const { gate } = flow;
    let flows = this.#flows.get(gate);
    if (flows === undefined) {
      flows = new Ring();
      this.#flows.set(gate, flows);
    }
    flow.indexed = true;
    flows.push(flow);
    // Flows of keys come and go.
    if (flows.length > 2 * gate.queued + emptyKept)
      for (const each of flows.clear()) if (this.#stays(each)) flows.push(each);
  }

  /** A flow that may start something, of a handler that runs nothing. */
  next(): Flow<W> | undefined {
    while (this.waiting) {
      const gate = this.#idle.shift() as Gate;
      gate.noted = false;
      const flow = this.#flowOf(gate);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  #flowOf(gate: Gate): Flow<W> | undefined {
    const flows = this.#flows.get(gate) ?? new Ring<Flow<W>>();
    for (let left = flows.length; left > 0; left -= 1) {
      const flow = flows.shift() as Flow<W>;
      if (!this.#stays(flow)) continue;
      flows.push(flow);
      if (flow.mayEnter) return flow;
    }
    return undefined;
  }

  /** What is left out is indexed again when it gets works, or goes on. */
  #stays(flow: Flow<W>): boolean {
    flow.indexed = flow.works.length > 0 && !flow.source.paused;
    return flow.indexed;
  }
}
