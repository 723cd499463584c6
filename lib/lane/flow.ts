import type { Gate, GateWaiter } from './gate.js';
import { Ring } from './ring.js';
import type { Share } from './share.js';
import type { Work } from './work.js';

/** What a flow tells its source. */
export interface FlowSource<W extends Work> {
  /** Starts nothing for now. */
  readonly paused: boolean;
  /** A gate offers it a place. Whether it is taken. */
  woken(flow: Flow<W>): boolean;
  /** It may start something. */
  list(flow: Flow<W>): void;
  /** It has nothing left. */
  forget(flow: Flow<W>): void;
}

/** The works of one source that must start in order: same handler, same key. */
export class Flow<W extends Work> implements GateWaiter {
  readonly works = new Ring<W>();
  /** Stands in its source's round, or waits at a gate; otherwise nobody will come to look at it. */
  listed = false;
  parkedAt: Gate | undefined;
  kept: Gate | undefined;
  /** Stands among the flows of its gate; for `FirstSlots`. */
  indexed = false;

  constructor(
    readonly source: FlowSource<W>,
    readonly gate: Gate,
    readonly key: Gate | undefined,
    readonly share: Share,
  ) {}

  /** Whether `enter` would let it in. */
  get mayEnter(): boolean {
    const { gate, key, kept } = this;
    const waits = this.works.length > 0 && this.parkedAt === undefined;
    return waits && (key === undefined || key.admits(kept)) && gate.admits(kept);
  }

  wake(gate: Gate): boolean {
    this.parkedAt = undefined;
    this.listed = false;
    if (this.works.length === 0) {
      this.source.forget(this);
      return false;
    }
    const taken = this.source.woken(this);
    if (taken) this.kept = gate;
    this.source.list(this);
    return taken;
  }

  /** Lets the next in line have the place that is kept for this one, which gets in line again when it is looked at. */
  passOn(): void {
    const { kept } = this;
    this.kept = undefined;
    kept?.pass();
  }

  /** Takes a place at each gate, or waits at the first that has none. */
  enter(): boolean {
    const { gate, key, kept } = this;
    this.kept = undefined;
    if (this.works.length === 0) {
      kept?.pass();
      this.source.forget(this);
    } else if (key !== undefined && !key.admits(kept)) {
      this.#park(key, kept);
    } else if (!gate.admits(kept)) {
      this.#park(gate, kept);
    } else {
      gate.enter(kept);
      key?.enter(kept);
      return true;
    }
    return false;
  }

  #park(gate: Gate, kept: Gate | undefined): void {
    this.listed = true;
    this.parkedAt = gate;
    gate.park(this);
    kept?.pass();
  }
}
