import type { Totals } from '../frame/frame.js';
import type { Outgoing } from './outgoing.js';

/** The outcomes that one session still has to see delivered: waiting to leave, or not acknowledged. */
export class Owed implements Totals {
  messages = 0;
  bytes = 0;

  add({ bytes }: Outgoing): void {
    this.messages += 1;
    this.bytes += bytes;
  }

  settle({ frame, bytes }: Outgoing): void {
    if (frame.kind !== 'outcome') return;
    this.messages -= 1;
    this.bytes -= bytes;
  }

  clear(): void {
    this.messages = this.bytes = 0;
  }
}
