import type { Chunk, DataFrame, Expects, Message, Outcome } from '../frame/frame.js';
import type { Outgoing } from './outgoing.js';

/** A larger payload leaves in parts of this size: a quarter of the largest window of credit. */
export const partBytes = 64 * 1024;

/** A data frame that leaves: a whole one, or a part. */
export interface Departure {
  readonly frame: DataFrame;
  readonly bytes: number;
  readonly kept: boolean;
  readonly courtesy?: boolean;
  acked?(): void;
}

/** One part of a large payload. The peer has received the whole when the last one is acknowledged. */
export class Part implements Departure {
  constructor(
    readonly frame: DataFrame,
    readonly parts: Parts,
    readonly last: boolean,
  ) {}

  get of(): Outgoing {
    return this.parts.whole;
  }

  get bytes(): number {
    return this.frame.payload.length;
  }

  get kept(): boolean {
    return this.of.kept;
  }

  acked(): void {
    if (this.last) this.of.acked?.();
  }
}

/** A large payload on its way out: gives its parts one after the other, each a view and no copy. */
export class Parts {
  readonly #payload: Uint8Array;
  #at = 0;
  /** Parts that have left and are kept. */
  unacked = 0;
  /** No more of them will leave. */
  ended = false;

  /** Number of the frame that began it: the whole may wait for other peers too, and get one there. */
  readonly seq: number;

  constructor(readonly whole: Outgoing) {
    this.#payload = whole.frame.payload;
    this.seq = whole.frame.seq;
  }

  /** Bytes that have not left. */
  get left(): number {
    return this.#payload.length - this.#at;
  }

  /** The next part, under this number; there must be one. */
  next(seq: number): Part {
    const { whole } = this;
    const begins = this.#at === 0;
    const payload = this.#payload.subarray(this.#at, this.#at + partBytes);
    this.#at += payload.length;
    const frame = begins ? beginning(whole.frame, payload) : this.#chunk(payload, seq);
    return new Part(frame, this, this.left === 0);
  }

  #chunk(payload: Uint8Array, seq: number): Chunk {
    return { kind: 'chunk', seq, re: this.seq, payload, outcome: this.whole.frame.kind === 'outcome' };
  }
}

/** Its number is that of the whole. */
const beginning = (frame: Message | Outcome, payload: Uint8Array): Message | Outcome =>
  frame.kind === 'message'
    ? new BegunMessage(frame, payload)
    : { ...frame, payload, size: frame.payload.length };

/** Says how much time remains when it is written, as the whole one does: also when it is written again. */
class BegunMessage implements Message {
  readonly kind = 'message';
  readonly seq: number;
  readonly type: string;
  readonly expects: Expects;
  readonly codec: string;
  readonly attempt: number;
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly size: number;
  readonly #whole: Message;

  constructor(
    whole: Message,
    readonly payload: Uint8Array,
  ) {
    this.seq = whole.seq;
    this.type = whole.type;
    this.expects = whole.expects;
    this.codec = whole.codec;
    this.attempt = whole.attempt;
    this.id = whole.id;
    if (whole.headers !== undefined) this.headers = whole.headers;
    this.size = whole.payload.length;
    this.#whole = whole;
  }

  get timeoutMs(): number {
    return this.#whole.timeoutMs;
  }
}
