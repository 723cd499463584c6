import type { BusError } from '../errors/bus-error.js';
import type { Expects, Message, Outcome } from '../frame/frame.js';
import { faultOutcome } from '../handler/fault.js';
import type { Outgoing } from '../lane/outgoing.js';
import { BySeq } from './by-seq.js';
import type { Ending, Tally } from './tally.js';

/** What the one who called is told. Exactly one of `failed` and a last `outcome` ends it. */
export interface Caller {
  /** The peer has taken the message; its outcome follows. */
  accepted(): void;
  /** An item, or the end: true when it is the end. */
  outcome(outcome: Outcome): boolean;
  failed(error: BusError): void;
  /** What was accepted died with the peer, or its handler failed, after `accepted` had settled the call. */
  undelivered(error: BusError): void;
}

/** What to send, once. The deadline is on the clock's `now`; 0 is none. */
export interface Draft {
  readonly type: string;
  /** Let go of when it has been acknowledged. */
  payload: Uint8Array;
  readonly codec: string;
  readonly expects: Expects;
  readonly deadlineAt: number;
  readonly attempt: number;
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const nothing = new Uint8Array(0);

/**
 * One message that somebody waits for: queued, then numbered as it left, then perhaps accepted, then settled. It is its
 * own frame, which says how much time remains when it is written, however long it waited and however often.
 */
export class Call implements Outgoing, Message {
  seq = 0;
  readonly bytes: number;
  /** Items of a stream that were asked for in all. */
  pulled = 0;
  #phase: 'queued' | 'left' | 'accepted' | 'settled' = 'queued';

  constructor(
    private readonly draft: Draft,
    private readonly table: Calls,
    private readonly caller: Caller,
    public kept: boolean,
  ) {
    this.bytes = draft.payload.length;
  }

  get frame(): Message {
    return this;
  }

  get kind(): 'message' {
    return 'message';
  }

  get type(): string {
    return this.draft.type;
  }

  get payload(): Uint8Array {
    return this.draft.payload;
  }

  get codec(): string {
    return this.draft.codec;
  }

  get expects(): Expects {
    return this.draft.expects;
  }

  get attempt(): number {
    return this.draft.attempt;
  }

  get id(): string {
    return this.draft.id;
  }

  get headers(): Readonly<Record<string, string>> | undefined {
    return this.draft.headers;
  }

  get timeoutMs(): number {
    const { deadlineAt } = this.draft;
    return deadlineAt === 0 ? 0 : Math.max(1, deadlineAt - this.table.now());
  }

  get settled(): boolean {
    return this.#phase === 'settled';
  }

  get hasLeft(): boolean {
    return this.#phase !== 'queued';
  }

  /** As what it counts if it ends now, with this. */
  ending(how: Ending): Ending {
    return this.#phase === 'accepted' && how !== 'done' ? 'undelivered' : how;
  }

  /** Its number is that of the session that it leaves from. */
  left(): void {
    this.#phase = 'left';
    this.table.add(this.seq, this);
  }

  acked(): void {
    // It will not be written again: nothing of it need be kept until the outcome.
    this.draft.payload = nothing;
    if (this.#phase !== 'left' || this.expects !== 'acceptance') return;
    this.#phase = 'accepted';
    this.table.sent.accepted += 1;
    this.caller.accepted();
  }

  /** True when this was the end. */
  outcome(outcome: Outcome): boolean {
    if (this.#phase === 'accepted') {
      if (outcome.status === 'fault') this.caller.undelivered(faultOutcome(outcome.fault, this.type));
      this.#phase = 'settled';
      return true;
    }
    // First: who hears the end of a stream unsubscribes in the same breath, and that must cancel nothing.
    if (outcome.status !== 'item') this.#phase = 'settled';
    const ended = this.caller.outcome(outcome);
    if (ended) this.#phase = 'settled';
    return ended;
  }

  fail(error: BusError): void {
    const before = this.#phase;
    if (before === 'settled') return;
    this.#phase = 'settled';
    if (before === 'accepted') this.caller.undelivered(error);
    else this.caller.failed(error);
  }
}

/** A peer that heeds credit and answers cancels has fewer than that; of others, the oldest are forgotten. */
const mostAbandoned = 65_536;

/** The calls that have left and wait for an outcome, by number. */
export class Calls {
  readonly #bySeq = new BySeq<Call>();
  /** Given up on this side; the peer's outcome will show that it knows. */
  #abandoned: Set<number> | undefined;

  constructor(
    readonly sent: Tally['sent'],
    readonly now: () => number,
  ) {}

  get size(): number {
    return this.#bySeq.size;
  }

  get waiting(): Iterable<Call> {
    return this.#bySeq.values();
  }

  get abandoned(): Iterable<number> {
    return this.#abandoned ?? [];
  }

  add(seq: number, call: Call): void {
    this.#bySeq.set(seq, call);
  }

  get(seq: number): Call | undefined {
    return this.#bySeq.get(seq);
  }

  isAbandoned(seq: number): boolean {
    return this.#abandoned?.has(seq) ?? false;
  }

  remove(seq: number): void {
    this.#bySeq.delete(seq);
  }

  abandon(seq: number): void {
    this.#bySeq.delete(seq);
    this.#abandoned ??= new Set();
    this.#abandoned.add(seq);
    if (this.#abandoned.size <= mostAbandoned) return;
    const [oldest] = this.#abandoned;
    this.#abandoned.delete(oldest as number);
  }

  /** False when nobody waits for it any more: it timed out, was cancelled, or never was. */
  settle(outcome: Outcome): boolean {
    const call = this.#bySeq.get(outcome.re);
    if (call === undefined) {
      if (outcome.status !== 'item') this.#abandoned?.delete(outcome.re);
      return false;
    }
    const ending = call.ending(outcome.status === 'fault' ? 'faulted' : 'done');
    // Whoever was told may have ended the session meanwhile: then it was counted as lost.
    if (call.outcome(outcome) && this.#bySeq.delete(outcome.re)) this.sent[ending] += 1;
    return true;
  }

  /** Ends every call that has left. */
  failAll(error: (call: Call) => BusError): void {
    const calls = this.#bySeq.clear();
    this.#abandoned = undefined;
    // All are counted before anybody hears of one.
    for (const call of calls) this.sent[call.ending('lost')] += 1;
    for (const call of calls) call.fail(error(call));
  }
}
