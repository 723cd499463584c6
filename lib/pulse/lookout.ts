import type { Holder, Progress } from '../frame/frame.js';
import { sharedNow } from '../time/background.js';
import { Board, mostHolders, type Slot } from './board.js';

/** What of a beat is seen from the thread. */
export type Sight = Pick<Progress, 'ticks' | 'stillMs' | 'holders'>;

/** How a handler is called. */
type Name = Omit<Holder, 'running'>;

/** Watches the board of the main thread: whether it ticks, and if not, who holds it. */
export class Lookout {
  #board = new Board();
  #tickMs = Number.POSITIVE_INFINITY;
  #ticks = -1;
  #lookedAt = sharedNow();
  /** What of the time since the last tick this thread was itself held up: a stopped process has not stalled. */
  #heldUpMs = 0;
  readonly #names = new Map<number, Name>();

  /** From now on it is looked at every `tickMs`, at least. */
  watch(board: Board, tickMs: number): void {
    this.#board = board;
    this.#tickMs = tickMs;
    this.#lookedAt = sharedNow();
  }

  name(id: number, name: Name): void {
    this.#names.set(id, name);
  }

  forget(id: number): void {
    this.#names.delete(id);
  }

  /** A look that comes more than one too late shows that this thread did not run, and its process with it. */
  look(): void {
    const now = sharedNow();
    const lateMs = now - this.#lookedAt - this.#tickMs;
    this.#lookedAt = now;
    const { ticks, tickAt } = this.#board;
    if (ticks !== this.#ticks) {
      this.#ticks = ticks;
      this.#heldUpMs = 0;
    }
    if (lateMs > this.#tickMs) this.#heldUpMs = Math.min(this.#heldUpMs + lateMs, Math.max(0, now - tickAt));
  }

  /** `slots`: of all workers in this process, to know which handler began first. */
  sight(intervalMs: number, slots: Iterable<Slot>): Sight {
    // Of two timers that are due, either may come first.
    this.look();
    const { ticks, tickAt } = this.#board;
    const stillMs = Math.max(0, this.#lookedAt - tickAt - this.#heldUpMs);
    return { ticks, stillMs, holders: stillMs > intervalMs ? this.#holders(slots) : [] };
  }

  /** The one whose synchronous part runs; or all that may go on after they have waited. */
  #holders(slots: Iterable<Slot>): Holder[] {
    const { running, handlers } = this.#board;
    if (running !== 0) return this.#named([running], true);
    const ids = new Set<number>();
    for (const { oldest } of slots) for (const id of oldest) ids.add(id);
    for (let id = 1; id < handlers; id += 1) ids.add(id);
    return this.#named(
      [...ids].filter((id) => this.#board.inFlight(id) > 0),
      false,
    );
  }

  #named(ids: readonly number[], running: boolean): Holder[] {
    const names = ids.flatMap((id) => this.#names.get(id) ?? []);
    const holders = names.map(({ type, plugin }) => ({ type, plugin, running }));
    // Two workers of one process may have handlers of one name.
    const distinct = new Map(holders.map((holder) => [`${holder.plugin}\n${holder.type}`, holder]));
    return [...distinct.values()].slice(0, mostHolders);
  }
}
