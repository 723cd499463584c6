import type { Totals } from '../frame/frame.js';
import type { Outgoing } from './outgoing.js';

/** Items of streams have a window of their own: only their bytes count. */
const counts = (frame: Outgoing['frame']): 0 | 1 =>
  frame.kind === 'outcome' && frame.status !== 'item' ? 1 : 0;

/** The outcomes that one session still has to see delivered: waiting to leave, or not acknowledged. */
export class Owed implements Totals {
  messages = 0;
  bytes = 0;

  add({ frame, bytes }: Outgoing): void {
    this.messages += counts(frame);
    this.bytes += bytes;
  }

  settle({ frame, bytes }: Outgoing): void {
    if (frame.kind !== 'outcome') return;
    this.messages -= counts(frame);
    this.bytes -= bytes;
  }

  clear(): void {
    this.messages = this.bytes = 0;
  }
}
