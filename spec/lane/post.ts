import type { Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { Outbox, type OutboxOptions, type Writable } from '../../lib/lane/outbox.js';
import type { BatchPort, Outgoing } from '../../lib/lane/outgoing.js';
import { WriterPool } from '../../lib/lane/writer-pool.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';

const empty = new Uint8Array(0);

export const message = (id: string | number, bytes = 1, kept = true): Outgoing & { frame: Message } => ({
  frame: {
    kind: 'message',
    seq: 0,
    type: 'job',
    payload: empty,
    expects: kept ? 'reply' : 'nothing',
    codec: '',
    timeoutMs: 0,
    attempt: 1,
    id: String(id),
  },
  bytes,
  kept,
});
export const publish = (id: string | number, bytes = 1): Outgoing => message(id, bytes, false);
export const outcome = (re: number, bytes = 1): Outgoing & { frame: Outcome } => ({
  frame: { kind: 'outcome', seq: 0, re, status: 'done', payload: empty, codec: '' },
  bytes,
  kept: true,
});
export const beat = (n: number): Frame & { kind: 'beat' } => ({
  kind: 'beat',
  n,
  lateMs: 0,
  inFlight: 0,
  queued: 0,
  handled: 0,
  oldestMs: 0,
  probe: false,
});

/** A frame in a word: `m1 a` is message a with number 1, `o2 7` the outcome of 7 with number 2. */
const word = (frame: Frame): string => {
  if (frame.kind === 'message') return `m${frame.seq} ${frame.id}`;
  if (frame.kind === 'outcome') return `o${frame.seq} ${frame.re}`;
  if (frame.kind === 'beat') return `beat ${frame.n}`;
  return frame.kind === 'ack' ? `ack ${frame.seq}` : frame.kind;
};

/** Writes words instead of bytes; a frame is as large as the spec says its payload is. */
class Words implements BatchPort {
  /** How many batches were given back. */
  free = 0;
  readonly memory = {
    giveBack: () => {
      this.free += 1;
    },
  };
  size = 0;
  words: string[] = [];
  readonly sizes = new Map<Frame, number>();

  add(frame: Frame): void {
    if (frame.kind === 'message' && frame.id === 'unwritable') throw new TypeError('unwritable');
    this.size += this.sizes.get(frame) ?? 10;
    this.words.push(word(frame));
  }

  take(): Uint8Array {
    this.size = 0;
    return empty;
  }
}

/** An outbox on a link that a spec holds in its hand. */
export class Post {
  readonly clock = virtualClock();
  readonly words = new Words();
  readonly batches: string[][] = [];
  readonly unwritable: Outgoing[] = [];
  /** Messages as they left. */
  readonly told: string[] = [];
  readonly box: Outbox;
  /** Whether the link is done as soon as it is written to. */
  atOnce = true;
  ack: number | undefined;
  #done: ((free: boolean) => void)[] = [];

  constructor(options: Partial<OutboxOptions> = {}) {
    const all = {
      clock: this.clock,
      capacity: 100,
      capacityBytes: 10_000,
      maxWaiting: 10,
      maxBatchBytes: 16_000,
      writers: new WriterPool(() => this.words),
      ...options,
    };
    this.box = new Outbox(all, {
      ack: () => {
        const seq = this.ack;
        this.ack = undefined;
        return seq;
      },
      left: ({ frame }) => this.told.push(word(frame)),
      unwritable: (outgoing) => this.unwritable.push(outgoing),
    });
  }

  /** A link, with this much credit for messages. */
  open(credit = 1000): this {
    this.link();
    this.box.allow({ messages: credit, bytes: 1e9 });
    return this;
  }

  link(): void {
    const write: Writable['write'] = (_, done) => {
      this.batches.push(this.words.words);
      this.words.words = [];
      if (this.atOnce) done();
      else this.#done.push(done);
    };
    this.box.attach({ write });
  }

  /** Offers them, each under the rule `wait`. */
  send(...outgoings: Outgoing[]): void {
    for (const outgoing of outgoings) {
      this.words.sizes.set(outgoing.frame, outgoing.bytes);
      this.box.offer(outgoing, 'wait');
    }
  }

  /** The write in flight is done. */
  done(free = false): void {
    this.#done.shift()?.(free);
  }

  get inFlight(): number {
    return this.#done.length;
  }

  /** What was written since the last time, batch by batch. */
  async written(): Promise<string[][]> {
    await this.clock.settle();
    return this.batches.splice(0);
  }
}
