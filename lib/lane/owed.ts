import type { Totals } from '../frame/frame.js';
import type { Outgoing } from './outgoing.js';

/** Items of streams have a window of their own: only their bytes count. */
const counts = (frame: Outgoing['frame']): 0 | 1 =>
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
    this.#count(outgoing, 1);
  }

  settle(outgoing: Outgoing): void {
    if (outgoing.frame.kind === 'outcome') this.#count(outgoing, -1);
  }

  clear(): void {
    this.messages = this.bytes = this.#courtesies = 0;
  }

  #count({ frame, bytes, courtesy }: Outgoing, change: 1 | -1): void {
    this.messages += change * counts(frame);
    this.bytes += change * bytes;
    if (courtesy) this.#courtesies += change;
  }
}
