import { BusError, textOf } from '../errors/bus-error.js';
import type { Chunk, Outcome, Totals } from '../frame/frame.js';
import { Reserve } from '../lane/assembly.js';
import type { Outbox } from '../lane/outbox.js';
import type { Outgoing, OverflowRule } from '../lane/outgoing.js';
import type { Clock } from '../time/clock.js';
import { Deadlines } from '../time/deadlines.js';
import { Arrivals, type Begun, isBegun, overlong } from './arrivals.js';
import { Call, type Caller, Calls, type Draft } from './call.js';
import { AnsweredPublish, type Payload, type Publish } from './publish.js';
import { type Ending, Tally } from './tally.js';

/** What the agreement allows for what we send. */
export interface SendTerms {
  /** Largest payload in bytes that the peer takes. */
  readonly maxPayloadBytes: number;
  /** Whether the peer keeps to credit and acknowledgements; a peer of the baseline profile answers instead. */
  readonly credited: boolean;
  /** Messages that a peer without credit may have without an outcome. */
  readonly maxUnanswered: number;
  /** Whether it takes large payloads in parts; default false. */
  readonly chunks?: boolean;
}

/** Whether a message that finds no answer had been sent. */
export type Delivery = 'not-sent' | 'unknown';

const nothingHeld: Totals = { messages: 0, bytes: 0 };

/** What this side sends in one session: messages on their way, and the calls that wait for outcomes. */
export class Outbound {
  readonly #calls: Calls;
  readonly #sent: Tally['sent'];
  terms: SendTerms = {
    maxPayloadBytes: Number.POSITIVE_INFINITY,
    credited: true,
    maxUnanswered: Number.POSITIVE_INFINITY,
  };
  /** Large outcomes of which parts have come; from the first one on. */
  #arrivals: Arrivals<Outcome> | undefined;
  /** Messages that a peer without credit has been allowed. */
  #granted = 0;
  #gone: ((delivery: Delivery) => BusError) | undefined;

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    { sent } = new Tally(),
    /** Room for large outcomes; by default there is always some. */
    private readonly reserve = new Reserve(Number.POSITIVE_INFINITY),
    /** Of the calls. */
    readonly deadlines = new Deadlines(clock),
  ) {
    this.#sent = sent;
    this.#calls = new Calls(sent, clock.now);
  }

  /** A link begins with what was agreed. */
  begin(terms: SendTerms): void {
    const before = this.terms;
    this.terms = terms;
    this.#granted = terms.maxUnanswered;
    this.outbox.limit(terms.maxPayloadBytes, terms.chunks ?? false);
    if (terms.credited !== before.credited) this.#keepAnew(terms.credited);
  }

  /** What waits was to be kept, or not, as the session before had it: it leaves in this one. */
  #keepAnew(kept: boolean): void {
    for (const outgoing of this.outbox.clear()) {
      if (outgoing instanceof Call) outgoing.kept = kept;
      this.outbox.put(outgoing);
    }
  }

  /** Calls whose outcome has not come. */
  get waiting(): number {
    return this.#calls.size;
  }

  /** Credit that is not used; nothing where the peer grants none. */
  get held(): Totals {
    return this.terms.credited ? this.outbox.held : nothingHeld;
  }

  /** Puts a message on its way; the caller hears how it goes. Throws `overflow`, `too-large`, `closed` or `peer-lost`. */
  call(draft: Draft, rule: 'wait' | 'reject', caller: Caller): Call {
    this.#check(draft);
    const call = new Call(draft, this.#calls, caller, this.terms.credited);
    this.#sent.offered += 1;
    const offered = this.outbox.offer(call, rule);
    if (offered === 'queued') {
      this.#sent.queued += 1;
      return call;
    }
    this.#sent.refused += 1;
    throw this.#noRoom(draft, offered === 'out-of-memory');
  }

  #noRoom({ type, payload }: Draft, outOfMemory: boolean): BusError {
    const { queued, messages } = this.outbox;
    const what = `'${type}' to ${this.name} finds no room`;
    if (!outOfMemory)
      return new BusError('overflow', `${what}: ${queued} messages wait already`, {
        details: { type, queued },
      });
    const { used, bytes: most } = messages.budget;
    return new BusError(
      'overflow',
      `${what} in the memory of this process: messages take ${used} bytes of ${Math.floor(most)} already, ` +
        `${messages.bytes} of them for ${this.name}; raise memory.maxBytes, or send slower`,
      {
        details: {
          type,
          bound: 'memory.maxBytes',
          bytes: payload.length,
          usedBytes: used,
          peerBytes: messages.bytes,
        },
      },
    );
  }

  /** Throws `too-large`; a peer that is gone drops it. Adds to `told` what was queued, and all that was dropped for it. */
  publish(
    publish: Publish,
    rule: OverflowRule,
    told = { queued: 0, dropped: 0 },
  ): 'queued' | 'dropped' | 'dropped-oldest' {
    if (this.#gone) {
      this.#sent.offered += 1;
      this.#sent.dropped += 1;
      told.dropped += 1;
      return 'dropped';
    }
    this.#check(publish);
    const { credited } = this.terms;
    const outgoing = credited ? publish : new AnsweredPublish(publish);
    // Nothing is kept for it, calls neither: dropping the oldest could drop a call that somebody waits for.
    const before = this.outbox.queued;
    const offered = this.outbox.offer(outgoing, credited ? rule : 'drop-newest');
    this.#sent.offered += 1;
    const more = this.outbox.queued - before;
    this.#sent.queued += more;
    this.#sent.dropped += 1 - more;
    told.dropped += 1 - more;
    if (offered !== 'queued' && offered !== 'dropped-oldest') return 'dropped';
    told.queued += 1;
    return offered;
  }

  /** Gives up a call: taken out if it has not left, else the peer is told. */
  abandon(call: Call, error: BusError): void {
    if (call.settled) return;
    if (call.hasLeft) this.#forgo(call.seq, error);
    else if (this.outbox.withdraw(call)) this.#sent.queued -= 1;
    this.#end(call, error, error.code === 'timeout' ? 'expired' : 'cancelled');
  }

  /** Tells the handler of a stream how many items there is room for in all. */
  pull(call: Call, items: number): void {
    call.pulled = items;
    this.outbox.control({ kind: 'pull', re: call.seq, items });
  }

  /** Says again what the lost link may have taken with it: room for items, and who gave up. */
  resume(): void {
    for (const { seq, pulled } of this.#calls.waiting)
      if (pulled > 0) this.outbox.control({ kind: 'pull', re: seq, items: pulled });
    for (const re of this.#calls.abandoned) this.outbox.control({ kind: 'cancel', re, reason: 'cancelled' });
  }

  settle(outcome: Outcome): void {
    if (isBegun(outcome)) return this.#begin(outcome);
    // A refusal comes before all of a large message has left.
    if (outcome.status !== 'item') this.outbox.stop(outcome.re);
    this.#calls.settle(outcome);
    if (this.terms.credited || outcome.status === 'item') return;
    this.#granted += 1;
    this.outbox.allow({ messages: this.#granted, bytes: Number.POSITIVE_INFINITY });
  }

  /** The next part of a large outcome. Gives what is wrong with it, if the link is not to be trusted any more. */
  part(chunk: Chunk): BusError | undefined {
    const over = this.#arrivals?.add(chunk);
    if (over === undefined) return undefined;
    const error = overlong(over);
    this.#reject(over, error);
    return error;
  }

  #begin(outcome: Begun<Outcome>): void {
    const { re, status, size } = outcome;
    if (this.#calls.get(re) === undefined) {
      if (status === 'item' || !this.#calls.isAbandoned(re)) return;
      // It began to leave before its sender knew, who need not go on. Said once: the call is forgotten.
      this.outbox.control({ kind: 'cancel', re, reason: 'cancelled' });
      this.#calls.settle(outcome);
      return;
    }
    const { maxPayloadBytes } = this.terms;
    const what = `the outcome from ${this.name} has ${size} bytes`;
    if (size > maxPayloadBytes)
      this.#reject(outcome, new BusError('too-large', `${what}, at most ${maxPayloadBytes} are taken`));
    else if (!this.#arriving.begin(outcome))
      this.#reject(outcome, new BusError('overflow', `${what}, for which there is no room now`));
  }

  get #arriving(): Arrivals<Outcome> {
    this.#arrivals ??= new Arrivals(this.reserve, ({ frame, reserved }) => {
      this.reserve.give(reserved);
      this.settle(frame);
    });
    return this.#arrivals;
  }

  /** An outcome that this side does not take. */
  #reject({ re, status }: Outcome, error: BusError): void {
    const call = this.#calls.get(re);
    if (call === undefined) return;
    this.#forgo(re, error, status !== 'item');
    this.#end(call, error, 'faulted');
  }

  /** Nobody waits for the outcome of this message any more. `last`: the beginning of its last one has come. */
  #forgo(re: number, { code: reason }: BusError, last = false): void {
    const begun = this.#arrivals?.dropAll((outcome) => outcome.re === re) ?? [];
    this.outbox.stop(re);
    if (last || begun.some(({ status }) => status !== 'item')) this.#calls.remove(re);
    else this.#calls.abandon(re);
    this.outbox.control({ kind: 'cancel', re, reason });
  }

  /** The peer began a new session: what had left is lost with the old one, what waits goes into the new one. */
  renew(gone: (delivery: Delivery) => BusError): void {
    this.#arrivals?.dropAll();
    this.outbox.restart();
    this.#calls.failAll(() => gone('unknown'));
  }

  /** What has not left fails; what is dropped is dropped. */
  forsake(gone: (delivery: Delivery) => BusError): void {
    this.#endUnsent(this.outbox.clear(), gone);
  }

  /** The peer is gone: every call fails, those that come later too. */
  close(gone: (delivery: Delivery) => BusError): void {
    this.#gone = gone;
    this.#arrivals?.dropAll();
    this.#endUnsent(this.outbox.close(), gone);
    this.#calls.failAll(() => gone('unknown'));
  }

  /** A message leaves, with its number. */
  left(outgoing: Outgoing): void {
    this.#sent.queued -= 1;
    if (outgoing instanceof Call) outgoing.left();
    else this.#sent.published += 1;
  }

  /** The codec refused a frame: the caller hears of it, and nothing else does. */
  unwritable(outgoing: Outgoing, thrown: unknown): void {
    if (!(outgoing instanceof Call)) return this.#unpublished(outgoing);
    this.#calls.remove(outgoing.seq);
    const { type } = outgoing;
    const error = BusError.is(thrown)
      ? thrown
      : new BusError('unserialisable', `'${type}' to ${this.name}: ${textOf(thrown)}`);
    this.#sent[outgoing.ending('faulted')] += 1;
    // Not in the middle of a batch: whoever is told may do anything.
    this.clock.atTurnEnd(() => outgoing.fail(error));
  }

  async writable(): Promise<void> {
    await this.outbox.writable().catch((closed) => {
      throw this.#gone?.('not-sent') ?? closed;
    });
  }

  /** Counts, then tells: whoever is told may ask for the numbers. */
  #end(call: Call, error: BusError, how: Ending): void {
    this.#sent[call.ending(how)] += 1;
    call.fail(error);
  }

  /** What has not left and never will: calls fail, publishes are dropped. */
  #endUnsent(taken: readonly Outgoing[], gone: (delivery: Delivery) => BusError): void {
    const calls: Call[] = [];
    let dropped = 0;
    for (const outgoing of taken) {
      if (outgoing instanceof Call) {
        if (!outgoing.hasLeft && !outgoing.settled) calls.push(outgoing);
      } else if (outgoing.frame.kind === 'message') dropped += 1;
    }
    this.#sent.queued -= calls.length + dropped;
    this.#sent.dropped += dropped;
    this.#sent.lost += calls.length;
    for (const call of calls) call.fail(gone('not-sent'));
  }

  /** It was counted as it left, and cannot be written. */
  #unpublished({ frame }: Outgoing): void {
    if (frame.kind !== 'message') return;
    this.#sent.published -= 1;
    this.#sent.dropped += 1;
  }

  #check({ type, payload }: Pick<Payload, 'type' | 'payload'>): void {
    const { maxPayloadBytes } = this.terms;
    if (!this.#gone && payload.length <= maxPayloadBytes) return;
    this.#sent.offered += 1;
    this.#sent.refused += 1;
    if (this.#gone) throw this.#gone('not-sent');
    throw new BusError(
      'too-large',
      `the payload of '${type}' to ${this.name} has ${payload.length} bytes, at most ${maxPayloadBytes} are taken`,
      { details: { type, bytes: payload.length, maxPayloadBytes } },
    );
  }
}
