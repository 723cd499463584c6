import { BatchWriter, decodeBatch } from '../../lib/frame/codec.js';
import type { Chunk, Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { Outbox, type Writable } from '../../lib/lane/outbox.js';
import type { Outgoing } from '../../lib/lane/outgoing.js';
import { WriterPool } from '../../lib/lane/writer-pool.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';

export const KiB = 1024;

/** Bytes that tell where they belong. */
export function payload(bytes: number, salt = 0): Uint8Array {
  const filled = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 1) filled[at] = at * 31 + (at >> 8) + salt;
  return filled;
}

export const message = (
  type: string,
  bytes: number,
  kept = true,
  salt = 0,
): Outgoing & { readonly frame: Message } => ({
  frame: {
    kind: 'message',
    seq: 0,
    type,
    payload: payload(bytes, salt),
    expects: kept ? 'reply' : 'nothing',
    codec: 'bytes',
    timeoutMs: 0,
    attempt: 1,
    id: '',
  },
  bytes,
  kept,
});

export const outcome = (
  re: number,
  bytes: number,
  status: Outcome['status'] = 'value',
  salt = 0,
): Outgoing & { readonly frame: Outcome } => ({
  frame: { kind: 'outcome', seq: 0, re, status, payload: payload(bytes, salt), codec: 'bytes' },
  bytes,
  kept: true,
});

type Part = Message | Outcome | Chunk;
const isPart = (frame: Frame): frame is Part =>
  frame.kind === 'chunk' ||
  ((frame.kind === 'message' || frame.kind === 'outcome') && frame.size !== undefined);

/** A frame in a word: `m1 job`, `o2 7`; `+` where it begins a large payload; `c3 1` is chunk 3 of what 1 began. */
export const word = (frame: Frame): string => {
  if (frame.kind === 'chunk') return `c${frame.seq} ${frame.re}`;
  const more = isPart(frame) ? '+' : '';
  if (frame.kind === 'message') return `m${frame.seq} ${frame.type}${more}`;
  if (frame.kind === 'outcome') return `o${frame.seq} ${frame.re}${more}`;
  return frame.kind;
};

/** An outbox with the real codec, on a link that takes a batch when it is told to. */
export class Dock {
  readonly clock = virtualClock();
  readonly frames: Frame[] = [];
  readonly unwritable: unknown[] = [];
  readonly box: Outbox;
  /** Parts in the fullest batch so far. */
  mostParts = 0;
  largestBatch = 0;
  #batches: Frame[][] = [];
  #done: (() => void) | undefined;

  constructor(maxPayloadBytes = 64 * KiB * KiB) {
    const options = {
      clock: this.clock,
      capacity: 1_000,
      capacityBytes: 1e9,
      maxWaiting: 10,
      maxBatchBytes: 16_000,
      writers: new WriterPool(() => new BatchWriter()),
    };
    this.box = new Outbox(options, {
      ack: () => undefined,
      left: () => {},
      unwritable: (_, thrown) => this.unwritable.push(thrown),
    });
    this.box.limit(maxPayloadBytes, true);
  }

  open(messages = 1_000, bytes = 1e9): this {
    this.link();
    this.box.allow({ messages, bytes });
    return this;
  }

  link(): void {
    const write: Writable['write'] = (batch, done) => {
      const { frames } = decodeBatch(batch.slice());
      this.frames.push(...frames);
      this.#batches.push(frames);
      this.mostParts = Math.max(this.mostParts, frames.filter(isPart).length);
      this.largestBatch = Math.max(this.largestBatch, batch.length);
      this.#done = done;
    };
    this.box.attach({ write });
  }

  send(...outgoings: Outgoing[]): void {
    for (const outgoing of outgoings) {
      if (outgoing.frame.kind === 'outcome') this.box.outcome(outgoing);
      else this.box.offer(outgoing, 'wait');
    }
  }

  /** The next batch that leaves, if there is one. */
  async next(): Promise<Frame[] | undefined> {
    await this.clock.settle();
    const done = this.#done;
    if (this.#batches.length === 0 && done) {
      this.#done = undefined;
      done();
      await this.clock.settle();
    }
    return this.#batches.shift();
  }

  /** So many batches, in words; all that leave unless told. */
  async words(count = Number.POSITIVE_INFINITY): Promise<string[]> {
    const words: string[] = [];
    for (let left = count; left > 0; left -= 1) {
      const batch = await this.next();
      if (batch === undefined) break;
      words.push(batch.map(word).join(', '));
    }
    return words;
  }
}
