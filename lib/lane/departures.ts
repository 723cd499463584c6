import type { Received, Totals } from '../frame/frame.js';
import { Backlog, type BacklogOptions } from './backlog.js';
import { Kept } from './kept.js';
import type { BatchPort, Outgoing } from './outgoing.js';
import { Owed } from './owed.js';
import { Ring } from './ring.js';

// What a data frame may need besides its payload: tags, numbers, a type. A guess: the limit has some slack.
const frameOverhead = 64;
const outcomesPerMessage = 3;
const bytesKeptIdle = 4096;
const nothing: Totals = { messages: 0, bytes: 0 };

/**
 * The data that waits to leave a session, and in which order it leaves: replays, refusals, then outcomes and messages
 * in turn. Gives each frame its number. Outcomes never wait for message credit, or two full sides would wait for each
 * other for ever; where both wait, every fourth frame is a message.
 */
export class Departures {
  readonly backlog: Backlog;
  readonly owed = new Owed();
  readonly kept = new Kept((outgoing) => this.owed.settle(outgoing));
  readonly urgent = new Ring<Outgoing>();
  readonly outcomes = new Ring<Outgoing>();
  lastSeq = 0;
  #sentMessages = 0;
  #sentBytes = 0;
  readonly #onUnwritable: (outgoing: Outgoing, thrown: unknown) => void;
  #limit = nothing;
  #outcomesInRow = 0;
  #inBatch = 0;

  constructor(options: BacklogOptions, onUnwritable: (outgoing: Outgoing, thrown: unknown) => void) {
    this.backlog = new Backlog(options);
    this.#onUnwritable = onUnwritable;
  }

  get empty(): boolean {
    const { backlog, urgent, outcomes, kept } = this;
    return backlog.length + urgent.length + outcomes.length === 0 && kept.replay === undefined;
  }

  /** Credit that is left; in debt by a part of a message, there is none. */
  get held(): Totals {
    const { messages, bytes } = this.#limit;
    return {
      messages: Math.max(0, messages - this.#sentMessages),
      bytes: Math.max(0, bytes - this.#sentBytes),
    };
  }

  allow({ messages, bytes }: Totals): void {
    const now = this.#limit;
    this.#limit = { messages: Math.max(messages, now.messages), bytes: Math.max(bytes, now.bytes) };
  }

  giveBack(): { held: Totals; kept: Totals } | undefined {
    const held = this.#limit;
    const kept = {
      messages: Math.min(held.messages, this.#sentMessages + 1),
      bytes: Math.min(held.bytes, this.#sentBytes + bytesKeptIdle),
    };
    if (!this.empty || kept.messages === held.messages) return undefined;
    this.#limit = kept;
    return { held, kept };
  }

  acked(seq: number): void {
    this.kept.acked(Math.min(seq, this.lastSeq));
  }

  resume(received: Received, limit: Totals): void {
    this.acked(received.seq);
    this.kept.replayAll();
    this.#sentMessages = received.messages;
    this.#sentBytes = received.bytes;
    this.#limit = limit;
  }

  restart(): Outgoing[] {
    this.urgent.clear();
    this.outcomes.clear();
    this.owed.clear();
    this.lastSeq = this.#sentMessages = this.#sentBytes = 0;
    this.#limit = nothing;
    return this.kept.clear();
  }

  clear(): Outgoing[] {
    this.owed.clear();
    return [...this.urgent.clear(), ...this.outcomes.clear(), ...this.backlog.clear()];
  }

  /** Begins a batch: adds refusals, once all replays have left. true: none is left or was added, so an acknowledgement may go along. */
  fillUrgent(writer: BatchPort, maxBytes: number): boolean {
    this.#inBatch = 0;
    for (let again = this.kept.replay; again !== undefined; again = this.kept.replay) {
      if (!this.#fits(writer, maxBytes, again)) return this.urgent.length === 0;
      this.kept.replayed();
      this.#write(writer, again);
    }
    const none = this.urgent.length === 0;
    for (let next = this.urgent.at(0); next !== undefined; next = this.urgent.at(0)) {
      if (!this.#fits(writer, maxBytes, next)) break;
      this.urgent.shift();
      this.#depart(writer, next);
    }
    return none;
  }

  /** Adds outcomes and messages until the batch is full. Those before them must have left. */
  fill(writer: BatchPort, maxBytes: number): void {
    if (this.kept.replay !== undefined || this.urgent.length > 0) return;
    for (;;) {
      const message = this.#credit ? this.backlog.front : undefined;
      const outcome = this.outcomes.at(0);
      const isMessage =
        outcome === undefined || (message !== undefined && this.#outcomesInRow >= outcomesPerMessage);
      const next = isMessage ? message : outcome;
      if (next === undefined || !this.#fits(writer, maxBytes, next)) return;
      if (isMessage) this.backlog.shift();
      else this.outcomes.shift();
      this.#outcomesInRow = isMessage ? 0 : this.#outcomesInRow + 1;
      this.#depart(writer, next);
    }
  }

  /** A message may be begun on the last byte of credit. */
  get #credit(): boolean {
    return this.#sentMessages < this.#limit.messages && this.#sentBytes < this.#limit.bytes;
  }

  /** A frame that cannot be encoded costs its number and nothing else: the peer takes a gap for a dropped publish. */
  #depart(writer: BatchPort, outgoing: Outgoing): void {
    const { frame } = outgoing;
    const seq = this.lastSeq + 1;
    this.lastSeq = seq;
    (frame as { seq: number }).seq = seq;
    outgoing.left?.(seq);
    try {
      this.#write(writer, outgoing);
    } catch (thrown) {
      this.#onUnwritable(outgoing, thrown);
      return;
    }
    if (outgoing.kept) this.kept.push(outgoing);
    else this.owed.settle(outgoing);
  }

  #write(writer: BatchPort, { frame, bytes }: Outgoing): void {
    writer.add(frame);
    if (frame.kind === 'message') {
      this.#sentMessages += 1;
      this.#sentBytes += bytes;
    }
    this.#inBatch += 1;
  }

  /** The first data frame of a batch always does, or one that is too large would wait behind control frames for ever. */
  #fits(writer: BatchPort, maxBytes: number, { bytes }: Outgoing): boolean {
    return this.#inBatch === 0 || writer.size + bytes + frameOverhead <= maxBytes;
  }
}
