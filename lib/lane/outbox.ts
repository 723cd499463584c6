import type { ControlFrame, Received, Totals } from '../frame/frame.js';
import type { Clock } from '../time/clock.js';
import type { BacklogOptions } from './backlog.js';
import type { Holding } from './budget.js';
import { Departures } from './departures.js';
import { type Memory, unbounded } from './memory.js';
import type { Lent, Offered, Outgoing, OverflowRule } from './outgoing.js';
import { Room } from './room.js';
import type { WriterPool } from './writer-pool.js';

export interface OutboxOptions extends BacklogOptions {
  readonly clock: Clock;
  /** A batch ends here, unless a single data frame is larger. */
  readonly maxBatchBytes: number;
  readonly writers: WriterPool;
  /** That of the process, in which what waits here is counted; default: there is always some. */
  readonly memory?: Memory;
}

/** What an outbox asks of its session. */
export interface OutboxPort {
  /** Asked at most once per batch: the number to acknowledge, or undefined if there is nothing new. */
  ack(): number | undefined;
  /** A message leaves now, and has its number: told once, before the frame is encoded, and not again for a replay. */
  left(outgoing: Outgoing): void;
  /** A data frame could not be encoded: it holds what its type does not allow. It is not sent and not kept. */
  unwritable(outgoing: Outgoing, thrown: unknown): void;
}

/** A link, to be written to: `done` is called once, when it can take the next batch; `free`: it reads this one no more. */
export interface Writable {
  write(batch: Uint8Array, done: (free?: boolean) => void): void;
}

const superseding: ReadonlySet<ControlFrame['kind']> = new Set(['beat', 'credit', 'announce']);

/** Control frames of one batch: with a payload behind them it stays below what a peer reads. */
const maxControlBytes = 64 * 1024;

const ignore = () => {};
const nothing: Totals = { messages: 0, bytes: 0 };
/** Nobody adds to it. */
const none: ControlFrame[] = [];

/**
 * The way out of one session. The frames of a turn share a batch, and one write is in flight; the next batch is made
 * when it is done, control frames first. Without a link data waits, and control frames are dropped.
 */
export class Outbox {
  /** What of the memory of the process is held for this peer: messages, and what else waits for somebody to take it; */
  readonly messages: Holding;
  /** and outcomes. */
  readonly outcomes: Holding;
  readonly #options: OutboxOptions;
  readonly #data: Departures;
  readonly #port: OutboxPort;
  /** From the first producer on that had to wait. */
  #room: Room | undefined;
  #control: ControlFrame[] = none;
  #link: Writable | undefined;
  #done: (free?: boolean) => void = ignore;
  #writing = false;
  /** Of the batch that is being written, unless there are two. */
  #lent: Lent | undefined;
  #hurried = false;
  #flushing = false;
  #scheduled = false;
  /** After a link was lost, until the peer has said what it received. */
  #paused = false;
  #closed = false;

  constructor(options: OutboxOptions, port: OutboxPort) {
    this.#options = options;
    this.#port = port;
    const { messages, outcomes } = options.memory ?? unbounded();
    this.messages = messages.open();
    this.outcomes = outcomes.open();
    this.#data = new Departures(options, this.messages, this.outcomes, port);
  }

  get #producers(): Room {
    const { backlog } = this.#data;
    this.#room ??= new Room(
      this.#options.clock,
      () => backlog.room,
      (freed) => {
        const listens = backlog.hasPlace;
        if (listens) this.messages.budget.whenFreed(freed);
        return listens;
      },
    );
    return this.#room;
  }

  /** Messages that wait to leave, or of which a part does. */
  get queued(): number {
    return this.#data.backlog.length + this.#data.leaving.messages;
  }

  get queuedBytes(): number {
    return this.#data.backlog.bytes + this.#data.leaving.messageBytes;
  }

  /** Outcomes that must be delivered before this side may end. */
  get due(): number {
    return this.#data.owed.due;
  }

  /** Outcomes that wait to leave, or have left and are not acknowledged. */
  get owed(): Totals {
    return this.#data.owed;
  }

  /** Frames that have left and are kept until acknowledged. */
  get unacked(): number {
    return this.#data.kept.length;
  }

  /** Credit that the peer has granted and that is not used. */
  get held(): Totals {
    return this.#closed ? nothing : this.#data.held;
  }

  /** Number of the last data frame that left; 0 before the first. */
  get lastSeq(): number {
    return this.#data.lastSeq;
  }

  get hasRoom(): boolean {
    return !this.#closed && this.#data.backlog.room > 0;
  }

  /** Nothing waits to leave, and nothing is being written. */
  get idle(): boolean {
    return this.#control.length === 0 && !this.#writing && this.#data.empty;
  }

  /** A link is there. After an earlier one was lost, data goes on only with `resume` or `restart`. */
  attach(link: Writable): void {
    if (this.#closed) return;
    this.detach();
    this.#link = link;
    const done = (free = false) => {
      if (this.#done !== done) return;
      if (free) this.#lent?.giveBack();
      this.#lent = undefined;
      this.#writing = false;
      if (!this.#flushing) this.#flush();
    };
    this.#done = done;
    this.#schedule();
  }

  /** The link is gone. Control frames are thrown away: a stale one would say what no longer holds. */
  detach(): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.#done = ignore;
    this.#writing = this.#hurried = false;
    this.#lent = undefined;
    this.#paused = true;
    this.#control = none;
  }

  /**
   * Passes all data. Without a link it is dropped. A beat, a grant or an announcement takes the place of one that still
   * waits: behind a link that takes nothing they would pile up, and the latest says it all (but for a beat that asks for an
   * answer).
   */
  control(frame: ControlFrame): void {
    if (this.#link === undefined) return;
    const before = superseding.has(frame.kind)
      ? this.#control.findIndex(
          (waiting) => waiting.kind === frame.kind && !(waiting.kind === 'beat' && waiting.probe),
        )
      : -1;
    if (this.#control.length === 0) this.#control = [frame];
    else if (before < 0) this.#control.push(frame);
    else {
      this.#control[before] = frame;
      // For an interval the link took nothing: thousands of such peers would each keep a slab.
      if (frame.kind === 'beat') this.#lent = undefined;
    }
    this.#schedule();
  }

  /**
   * An outcome that leaves before other data, and a batch before the acknowledgement: the refusal of a message that
   * the acknowledgement covers. The peer reads control frames first, so the same batch would be too late.
   */
  urgent(outgoing: Outgoing): void {
    if (this.#closed) return;
    this.#data.owe(outgoing, true);
    this.#schedule();
  }

  /** Waits for no credit. What a peer leaves untaken is counted in `owed`, for its session to bound. */
  outcome(outgoing: Outgoing): void {
    if (this.#closed) return;
    this.#data.owe(outgoing, false);
    this.#schedule();
  }

  /** A message, which leaves when there is credit for it. */
  offer(outgoing: Outgoing, rule: OverflowRule): Offered {
    if (this.#closed) return rule === 'wait' || rule === 'reject' ? 'full' : 'dropped';
    const offered = this.#data.backlog.offer(outgoing, rule);
    if (offered === 'dropped') this.#producers.refused();
    if (!this.#scheduled) this.#schedule();
    return offered;
  }

  /** A message that was taken out with `clear` goes in again, whether there is room or not. */
  put(outgoing: Outgoing): void {
    if (!this.#closed) this.#data.backlog.put(outgoing);
    this.#schedule();
  }

  /** There is something new to acknowledge: `ack` is asked at the end of the turn. */
  ackDue(): void {
    this.#schedule();
  }

  /** What the peer takes: payloads up to this size in bytes, and large ones in parts or not. */
  limit(maxPayloadBytes: number, chunks: boolean): void {
    this.#data.maxPayloadBytes = maxPayloadBytes;
    this.#data.chunks = chunks;
  }

  /** The rest of the large message with this number does not leave: nobody waits for it any more. */
  stop(seq: number): void {
    if (this.#data.stop(({ whole, seq: begun }) => whole.frame.kind === 'message' && begun === seq))
      this.#schedule();
  }

  /** The same for a large outcome of that message. */
  stopOutcome(re: number): void {
    if (this.#data.stop(({ whole: { frame } }) => frame.kind === 'outcome' && frame.re === re))
      this.#schedule();
  }

  /** The peer wants no more messages of this type, or wants them again. Until it says so they wait under the same bounds. */
  hold(type: string, held: boolean): void {
    this.#data.backlog.hold(type, held);
    if (!held) this.#schedule();
  }

  /** Takes a message out that has not left. false: it has, or was never here. */
  withdraw(outgoing: Outgoing): boolean {
    const taken = this.#data.backlog.remove(outgoing);
    if (taken) this.#room?.wake();
    return taken;
  }

  /** Credit from the peer, as an absolute limit. What is lower than before is ignored: a late grant takes nothing away. */
  allow(limit: Totals): void {
    this.#data.allow(limit);
    this.#schedule();
  }

  /**
   * For a side that has sent nothing for a while: gives up all credit but one message, to be told to the peer. Gives the
   * limit that was held and the one that is kept, or undefined if there is nothing to give or something waits.
   */
  giveBack(): { held: Totals; kept: Totals } | undefined {
    return this.#data.giveBack();
  }

  /** The peer has received everything up to this number. */
  acked(seq: number): void {
    this.#data.acked(seq);
  }

  /**
   * The session goes on over a new link, and the peer has said what it received: the rest of what is kept leaves
   * again first, with its old numbers. It was paid for when it first left, so it waits for no credit.
   */
  resume(received: Received, limit: Totals): void {
    this.#data.resume(received, limit);
    this.#paused = false;
    this.#schedule();
  }

  /**
   * A new session: numbers and credit begin anew. Gives what had left and was not acknowledged. Messages that have
   * not left stay; outcomes do not, since what they answer died with the old session.
   */
  restart(): Outgoing[] {
    this.#paused = false;
    return this.#data.restart();
  }

  /** Takes out everything that has not left: outcomes, then messages. */
  clear(): Outgoing[] {
    const taken = this.#data.clear();
    this.#room?.wake();
    return taken;
  }

  /** Resolves when there is room for the next publish; rejects with `closed`. */
  writable(): Promise<void> {
    return this.#producers.wait();
  }

  /** Ends it. Gives what had left unacknowledged (its frames have a number), then what had not left (0). */
  close(): Outgoing[] {
    this.detach();
    this.#closed = true;
    this.#producers.close();
    const taken = [...this.#data.takeKept(), ...this.#data.clear()];
    this.messages.close();
    this.outcomes.close();
    return taken;
  }

  /** Hands over what waits now, though the turn goes on and a write may be under way: the link closes next. */
  flush(): void {
    if (this.#writing) this.#hurried = true;
    this.#lent = undefined;
    this.#writing = false;
    this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing || this.#link === undefined) return;
    this.#scheduled = true;
    this.#options.clock.atTurnEnd(this.#turnEnded);
  }

  readonly #turnEnded = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  /** A loop, not a recursion: a link may be done before its write returns, a thousand times in a row. */
  #flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      while (this.#link !== undefined && !this.#writing) {
        const link = this.#link;
        const batch = this.#compose();
        // Whoever heard meanwhile that a frame cannot be written may have ended the link, or the session.
        if (batch === undefined || this.#link !== link) return;
        this.#writing = true;
        link.write(batch, this.#done);
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** undefined: there is nothing to write. */
  #compose(): Uint8Array | undefined {
    const { writers, maxBatchBytes } = this.#options;
    const writer = writers.take();
    const control = this.#control;
    let taken = 0;
    while (taken < control.length && writer.size < maxControlBytes)
      writer.add(control[taken++] as ControlFrame);
    this.#control = taken === control.length ? none : control.slice(taken);
    if (!this.#paused && taken === control.length) {
      const seq = this.#data.fillUrgent(writer, maxBatchBytes) ? this.#port.ack() : undefined;
      if (seq !== undefined) writer.add({ kind: 'ack', seq });
      const { backlog } = this.#data;
      const before = backlog.length;
      this.#data.fill(writer, maxBatchBytes);
      if (backlog.length < before) this.#room?.wake();
    }
    let batch: Uint8Array | undefined;
    if (writer.size > 0) {
      if (!this.#hurried) this.#lent = writer.memory;
      batch = writer.take();
    }
    writers.giveBack(writer);
    return batch;
  }
}
