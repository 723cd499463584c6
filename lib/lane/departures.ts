import { BusError } from '../errors/bus-error.js';
import type { Message, Received, Totals } from '../frame/frame.js';
import { Allowance } from './allowance.js';
import { Backlog, type BacklogOptions } from './backlog.js';
import type { Holding } from './budget.js';
import { Kept } from './kept.js';
import { isLarge, Leaving } from './leaving.js';
import type { BatchPort, Outgoing } from './outgoing.js';
import { Owed } from './owed.js';
import { type Departure, Part, type Parts } from './parts.js';
import { Ring } from './ring.js';

// What a data frame may need besides its payload: tags, numbers, a type. A guess: the limit has some slack.
const frameOverhead = 64;
const outcomesPerMessage = 3;

/** Shared by all that send nothing in parts: it changes when one begins. */
const noneLeaving = new Leaving();

/** As that of the outbox. */
interface DeparturesPort {
  left(outgoing: Outgoing): void;
  unwritable(outgoing: Outgoing, thrown: unknown): void;
}

/**
 * The data that waits to leave a session, and in which order it leaves: replays, refusals, then outcomes and messages
 * in turn. Gives each frame its number. Outcomes never wait for message credit, or two full sides would wait for each
 * other for ever; where both wait, every fourth frame is a message. The parts of large payloads leave one to a batch,
 * and every other batch where something else waits.
 */
export class Departures {
  readonly backlog: Backlog;
  readonly owed = new Owed();
  readonly kept = new Kept(this);
  /** Payloads in parts: from the first one on one of its own. */
  leaving = noneLeaving;
  readonly urgent = new Ring<Outgoing>();
  readonly outcomes = new Ring<Outgoing>();
  lastSeq = 0;
  /** Whether the peer takes payloads in parts. */
  chunks = false;
  /** Largest payload in bytes that the peer takes: what was queued before it said so may be larger. */
  maxPayloadBytes = Number.POSITIVE_INFINITY;
  readonly #credit = new Allowance();
  readonly #port: DeparturesPort;
  readonly #messages: Holding;
  readonly #outcomes: Holding;
  #outcomesInRow = 0;
  #partLast = false;
  /** Types whose next large message waits for one to have left. */
  #waiting: Set<string> | undefined;
  #inBatch = 0;

  /** `messages` and `outcomes`: what of the memory of the process is held here. */
  constructor(options: BacklogOptions, messages: Holding, outcomes: Holding, port: DeparturesPort) {
    this.backlog = new Backlog(options, messages);
    this.#messages = messages;
    this.#outcomes = outcomes;
    this.#port = port;
  }

  get empty(): boolean {
    const { backlog, urgent, outcomes, kept, leaving } = this;
    const waiting = backlog.length + urgent.length + outcomes.length;
    return waiting === 0 && leaving.empty && kept.replay === undefined;
  }

  /** Credit that is left; in debt by a part of a message, there is none. */
  get held(): Totals {
    return this.#credit.held;
  }

  /** An outcome that is to leave, before all others if it is urgent. */
  owe(outgoing: Outgoing, urgent: boolean): void {
    this.owed.add(outgoing);
    this.#outcomes.hold(outgoing);
    (urgent ? this.urgent : this.outcomes).push(outgoing);
  }

  allow(limit: Totals): void {
    this.#credit.raise(limit);
  }

  giveBack(): { held: Totals; kept: Totals } | undefined {
    return this.empty ? this.#credit.giveBack() : undefined;
  }

  /** For `kept`: it was acknowledged. */
  received(departure: Departure): void {
    this.owed.settle(departure);
    this.#letGo(departure);
  }

  acked(seq: number): void {
    this.kept.acked(Math.min(seq, this.lastSeq));
  }

  resume(received: Received, limit: Totals): void {
    // What the peer still holds it says anew.
    this.backlog.releaseAll();
    this.acked(received.seq);
    this.kept.replayAll();
    this.#credit.restate(received, limit);
    // What of it was under way is lost, so the rest is of no use.
    this.#stopAll(({ whole }) => !whole.kept);
  }

  restart(): Outgoing[] {
    this.backlog.releaseAll();
    this.#clearOutcomes();
    this.lastSeq = 0;
    this.#credit.clear();
    return this.takeKept();
  }

  clear(): Outgoing[] {
    return [...this.#clearOutcomes(), ...this.backlog.clear()];
  }

  #clearOutcomes(): Outgoing[] {
    this.#stopAll();
    this.owed.clear();
    const outcomes = [...this.urgent.clear(), ...this.leaving.clear(), ...this.outcomes.clear()];
    for (const outcome of outcomes) this.#outcomes.release(outcome);
    return outcomes;
  }

  /** Takes out what has left and is not acknowledged: of a large payload, the whole. */
  takeKept(): Outgoing[] {
    return this.kept.clear().flatMap((departure) => {
      this.#letGo(departure);
      if (!(departure instanceof Part)) return departure as Outgoing;
      return departure.frame.kind === 'chunk' ? [] : departure.of;
    });
  }

  /** Stops a large payload of which parts have not left. false: there is none. */
  stop(fits: (parts: Parts) => boolean): boolean {
    const parts = this.leaving.find(fits);
    if (parts === undefined) return false;
    this.owed.forgo(parts.whole, parts.left);
    this.#end(parts);
    return true;
  }

  #stopAll(fits: (parts: Parts) => boolean = () => true): void {
    while (this.stop(fits)) {
      // Until there is none.
    }
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
      const message = this.#nextMessage;
      const outcomes = this.leaving.outcomes(this.outcomes);
      const outcome = outcomes.at(0);
      const turn = !this.#partLast || (message === undefined && outcome === undefined);
      const parts = turn && this.#inBatch === 0 ? this.leaving.next(this.#credit.forBytes) : undefined;
      if (parts !== undefined) {
        this.#partLast = true;
        return this.#departPart(writer, parts);
      }
      const isMessage =
        outcome === undefined || (message !== undefined && this.#outcomesInRow >= outcomesPerMessage);
      const next = isMessage ? message : outcome;
      if (next === undefined || !this.#fits(writer, maxBytes, next)) return;
      if (isMessage) this.backlog.shift();
      else outcomes.shift();
      this.#partLast = this.chunks && isLarge(next);
      this.#outcomesInRow = isMessage ? 0 : this.#outcomesInRow + 1;
      this.#depart(writer, next);
    }
  }

  get #nextMessage(): Outgoing | undefined {
    if (!this.#credit.forMessage) return undefined;
    const { backlog, leaving } = this;
    for (let { front } = backlog; front !== undefined; front = backlog.front) {
      if (!isLarge(front) || leaving.hasPlace) return front;
      const { type } = front.frame as Message;
      this.#waiting ??= new Set();
      this.#waiting.add(type);
      backlog.busy(type, true);
    }
    return undefined;
  }

  /** A frame that cannot be encoded costs its number and nothing else: the peer takes a gap for a dropped publish. */
  #depart(writer: BatchPort, outgoing: Outgoing): void {
    const { frame } = outgoing;
    const seq = this.lastSeq + 1;
    this.lastSeq = seq;
    (frame as { seq: number }).seq = seq;
    if (frame.kind === 'message') this.#port.left(outgoing);
    let inParts = false;
    try {
      if (frame.payload.length > this.maxPayloadBytes) throw this.#tooLarge(outgoing);
      inParts = this.chunks && isLarge(outgoing);
      if (inParts) return this.#begin(writer, outgoing);
      this.#write(writer, outgoing);
    } catch (thrown) {
      this.owed.settle(outgoing);
      if (!inParts) this.#release(outgoing);
      this.#port.unwritable(outgoing, thrown);
      return;
    }
    if (outgoing.kept) return this.kept.push(outgoing);
    this.owed.settle(outgoing);
    this.#release(outgoing);
  }

  #begin(writer: BatchPort, whole: Outgoing): void {
    if (this.leaving === noneLeaving) this.leaving = new Leaving();
    const parts = this.leaving.begin(whole);
    if (whole.frame.kind === 'message') this.backlog.busy(whole.frame.type, true);
    try {
      this.#keep(writer, parts.next(this.lastSeq));
    } catch (thrown) {
      this.#end(parts);
      throw thrown;
    }
  }

  #departPart(writer: BatchPort, parts: Parts): void {
    this.lastSeq += 1;
    const part = parts.next(this.lastSeq);
    this.#keep(writer, part);
    if (part.last) this.#end(parts);
  }

  #keep(writer: BatchPort, part: Part): void {
    this.#write(writer, part);
    if (!part.kept) return this.owed.settle(part);
    this.kept.push(part);
    part.parts.unacked += 1;
  }

  /** What was kept is here no more. A part is a view: it keeps the whole payload in memory. */
  #letGo(departure: Departure): void {
    if (!(departure instanceof Part)) return this.#release(departure as Outgoing);
    const { parts } = departure;
    parts.unacked -= 1;
    if (parts.ended && parts.unacked === 0) this.#release(parts.whole);
  }

  #release(outgoing: Outgoing): void {
    (outgoing.frame.kind === 'message' ? this.#messages : this.#outcomes).release(outgoing);
  }

  #end(parts: Parts): void {
    this.leaving.end(parts);
    parts.ended = true;
    if (parts.unacked === 0) this.#release(parts.whole);
    const { frame } = parts.whole;
    if (frame.kind !== 'message') return;
    this.backlog.busy(frame.type, false);
    for (const type of this.#waiting ?? []) this.backlog.busy(type, false);
    this.#waiting = undefined;
  }

  #tooLarge({ frame, bytes }: Outgoing): BusError {
    const type = frame.kind === 'message' ? ` of '${frame.type}'` : '';
    const text = `the payload${type} has ${bytes} bytes, at most ${this.maxPayloadBytes} are taken`;
    return new BusError('too-large', text, { details: { bytes, maxPayloadBytes: this.maxPayloadBytes } });
  }

  #write(writer: BatchPort, { frame, bytes }: Departure): void {
    writer.add(frame);
    if (frame.kind === 'message') this.#credit.spend(1, bytes);
    else if (frame.kind === 'chunk' && !frame.outcome) this.#credit.spend(0, bytes);
    this.#inBatch += 1;
  }

  /** The first data frame of a batch always does, or one that is too large would wait behind control frames for ever. */
  #fits(writer: BatchPort, maxBytes: number, { bytes }: Departure): boolean {
    return this.#inBatch === 0 || writer.size + bytes + frameOverhead <= maxBytes;
  }
}
