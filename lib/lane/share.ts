import type { Totals } from '../frame/frame.js';

/** What one source has queued of one message type, and whether its sender keeps more of it back. */
export class Share {
  messages = 0;
  bytes = 0;
  held = false;
  /** What was queued or under way when its sender was told: what comes beyond that came in spite of it. */
  #most = 0;
  /** Down to here it falls before more may come. */
  #low: Totals = { messages: 0, bytes: 0 };

  /** `part`: how much of its source's places it may take. */
  constructor(
    readonly type: string,
    readonly part: number,
  ) {}

  count(bytes: number, change: 1 | -1): void {
    this.messages += change;
    this.bytes += change * bytes;
  }

  /** Whether it has its part of so many places. */
  fills(places: Totals): boolean {
    return this.messages >= this.part * places.messages || this.bytes >= this.part * places.bytes;
  }

  /** Whether more of it may come: half of its part is free again, and half of what there was is gone. */
  get low(): boolean {
    return this.messages <= this.#low.messages && this.bytes <= this.#low.bytes;
  }

  /** Bytes and messages that need not count against the others, since nothing follows them. */
  get blocked(): Totals {
    const { messages, bytes } = this;
    return messages <= this.#most ? this : { messages: this.#most, bytes: (bytes * this.#most) / messages };
  }

  /** `unspent`: messages that may be under way as its sender is told. */
  follow(unspent: number): void {
    this.#most = this.messages + unspent;
  }

  hold(places: Totals, unspent: number): void {
    this.held = true;
    this.follow(unspent);
    this.#low = {
      messages: Math.floor(Math.min(this.part * places.messages, this.messages) / 2),
      bytes: Math.floor(Math.min(this.part * places.bytes, this.bytes) / 2),
    };
  }
}
