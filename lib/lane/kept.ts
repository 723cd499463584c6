import type { Departure } from './parts.js';
import { Ring } from './ring.js';

interface KeptPort {
  /** The peer has it: it is kept no more. */
  received(departure: Departure): void;
}

/** Frames that have left and are not acknowledged, in order of their numbers; and which of them are to leave again. */
export class Kept {
  readonly #frames = new Ring<Departure>();
  readonly #port: KeptPort;
  /** The frames from `#next` to `#end` are still to be replayed. */
  #next = 0;
  #end = 0;

  constructor(port: KeptPort) {
    this.#port = port;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** The next to leave again. */
  get replay(): Departure | undefined {
    return this.#next < this.#end ? this.#frames.at(this.#next) : undefined;
  }

  push(departure: Departure): void {
    this.#frames.push(departure);
  }

  /** Forgets everything up to this number. */
  acked(seq: number): void {
    for (;;) {
      const first = this.#frames.at(0);
      if (first === undefined || first.frame.seq > seq) return;
      this.#frames.shift();
      this.#next = Math.max(0, this.#next - 1);
      this.#end = Math.max(0, this.#end - 1);
      this.#port.received(first);
      first.acked?.();
    }
  }

  replayAll(): void {
    this.#next = 0;
    this.#end = this.#frames.length;
  }

  replayed(): void {
    this.#next += 1;
  }

  stopReplay(): void {
    this.#next = this.#end = 0;
  }

  clear(): Departure[] {
    this.stopReplay();
    return this.#frames.clear();
  }
}
