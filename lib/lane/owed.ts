import type { Totals } from '../frame/frame.js';
import type { Outgoing } from './outgoing.js';
import { type Departure, Part } from './parts.js';

/** Items of streams have a window of their own: only their bytes count. */
const counts = (frame: Departure['frame']): 0 | 1 =>
  frame.kind === 'outcome' && frame.status !== 'item' ? 1 : 0;

/** The outcomes that one session still has to see delivered: waiting to leave, or not acknowledged. */
export class Owed implements Totals {
  messages = 0;
  bytes = 0;
  #courtesies = 0;

  /** Those that must be delivered before this side may end. */
  get due(): number {
    return this.messages - this.#courtesies;
  }

  add(outgoing: Outgoing): void {
    this.#count(outgoing, outgoing.bytes, 1);
  }

  /** A large one is settled with its last part. */
  settle(departure: Departure): void {
    if (!(departure instanceof Part)) this.#settle(departure, departure.bytes, true);
    else this.#settle(departure.of, departure.bytes, departure.last);
  }

  /** The rest of a large one never leaves. */
  forgo(outgoing: Outgoing, bytes: number): void {
    this.#settle(outgoing, bytes, true);
  }

  clear(): void {
    this.messages = this.bytes = this.#courtesies = 0;
  }

  #settle(outgoing: Departure, bytes: number, whole: boolean): void {
    if (outgoing.frame.kind !== 'outcome') return;
    if (whole) this.#count(outgoing, bytes, -1);
    else this.bytes -= bytes;
  }

  #count({ frame, courtesy }: Departure, bytes: number, change: 1 | -1): void {
    this.messages += change * counts(frame);
    this.bytes += change * bytes;
    if (courtesy) this.#courtesies += change;
  }
}
