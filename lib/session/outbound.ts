import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome, Totals } from '../frame/frame.js';
import type { Outbox } from '../lane/outbox.js';
import type { Outgoing, OverflowRule } from '../lane/outgoing.js';
import type { Clock } from '../time/clock.js';
import { Call, type Caller, Calls, type Draft, MessageFrame } from './call.js';

/** What the agreement allows for what we send. */
export interface SendTerms {
  /** Largest payload in bytes that the peer takes. */
  readonly maxPayloadBytes: number;
  /** Whether the peer keeps to credit and acknowledgements; a peer of the baseline profile answers instead. */
  readonly credited: boolean;
  /** Messages that a peer without credit may have without an outcome. */
  readonly maxUnanswered: number;
}

/** Whether a message that finds no answer had been sent. */
export type Delivery = 'not-sent' | 'unknown';

const nothingHeld: Totals = { messages: 0, bytes: 0 };

/** What this side sends in one session: messages on their way, and the calls that wait for outcomes. */
export class Outbound {
  readonly #calls = new Calls();
  terms: SendTerms = {
    maxPayloadBytes: Number.POSITIVE_INFINITY,
    credited: true,
    maxUnanswered: Number.POSITIVE_INFINITY,
  };
  /** Messages that a peer without credit has been allowed. */
  #granted = 0;
  #gone: ((delivery: Delivery) => BusError) | undefined;

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
  ) {}

  /** A link begins with what was agreed. */
  begin(terms: SendTerms): void {
    this.terms = terms;
    this.#granted = terms.maxUnanswered;
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
    const call = new Call(new MessageFrame(draft, this.clock.now), this.#calls, caller, this.terms.credited);
    if (this.outbox.offer(call, rule) === 'full')
      throw new BusError(
        'overflow',
        `'${draft.type}' to ${this.name} finds no room: ${this.outbox.queued} messages wait already`,
        { details: { type: draft.type, queued: this.outbox.queued } },
      );
    return call;
  }

  /** Throws `too-large`; a peer that is gone drops it. */
  publish(draft: Draft, rule: OverflowRule): 'queued' | 'dropped' | 'dropped-oldest' {
    if (this.#gone) return 'dropped';
    this.#check(draft);
    const { credited } = this.terms;
    // A peer without credit answers everything, and that is how its room comes back.
    const frame = new MessageFrame(credited ? draft : { ...draft, expects: 'acceptance' }, this.clock.now);
    // Nothing is kept for it, calls neither: dropping the oldest could drop a call that somebody waits for.
    const offered = this.outbox.offer(
      { frame, bytes: draft.payload.length, kept: false },
      credited ? rule : 'drop-newest',
    );
    return offered === 'full' ? 'dropped' : offered;
  }

  /** Gives up a call: taken out if it has not left, else the peer is told. */
  abandon(call: Call, error: BusError): void {
    if (call.settled) return;
    if (call.hasLeft) {
      this.#calls.abandon(call.frame.seq);
      this.outbox.control({ kind: 'cancel', re: call.frame.seq, reason: error.code });
    } else this.outbox.withdraw(call);
    call.fail(error);
  }

  /** Tells the handler of a stream how many items there is room for in all. */
  pull(call: Call, items: number): void {
    call.pulled = items;
    this.outbox.control({ kind: 'pull', re: call.frame.seq, items });
  }

  /** Says again what the lost link may have taken with it: room for items, and who gave up. */
  resume(): void {
    for (const { frame, pulled } of this.#calls.waiting)
      if (pulled > 0) this.outbox.control({ kind: 'pull', re: frame.seq, items: pulled });
    for (const re of this.#calls.abandoned) this.outbox.control({ kind: 'cancel', re, reason: 'cancelled' });
  }

  settle(outcome: Outcome): void {
    this.#calls.settle(outcome);
    if (this.terms.credited || outcome.status === 'item') return;
    this.#granted += 1;
    this.outbox.allow({ messages: this.#granted, bytes: Number.POSITIVE_INFINITY });
  }

  /** The peer began a new session: what had left is lost with the old one, what waits goes into the new one. */
  renew(gone: (delivery: Delivery) => BusError): void {
    this.outbox.restart();
    this.#calls.failAll(() => gone('unknown'));
  }

  /** What has not left fails; what is dropped is dropped. */
  forsake(gone: (delivery: Delivery) => BusError): void {
    for (const outgoing of this.outbox.clear()) if (outgoing instanceof Call) outgoing.fail(gone('not-sent'));
  }

  /** The peer is gone: every call fails, those that come later too. */
  close(gone: (delivery: Delivery) => BusError): void {
    this.#gone = gone;
    for (const outgoing of this.outbox.close())
      if (outgoing instanceof Call && !outgoing.hasLeft) outgoing.fail(gone('not-sent'));
    this.#calls.failAll(() => gone('unknown'));
  }

  /** The codec refused a frame: the caller hears of it, and nothing else does. */
  unwritable(outgoing: Outgoing, thrown: unknown): void {
    if (!(outgoing instanceof Call)) return;
    this.#calls.remove(outgoing.frame.seq);
    outgoing.fail(
      new BusError('unserialisable', `'${outgoing.frame.type}' to ${this.name}: ${textOf(thrown)}`),
    );
  }

  async writable(): Promise<void> {
    await this.outbox.writable().catch((closed) => {
      throw this.#gone?.('not-sent') ?? closed;
    });
  }

  #check({ type, payload }: Draft): void {
    if (this.#gone) throw this.#gone('not-sent');
    const { maxPayloadBytes } = this.terms;
    if (payload.length <= maxPayloadBytes) return;
    throw new BusError(
      'too-large',
      `the payload of '${type}' to ${this.name} has ${payload.length} bytes, at most ${maxPayloadBytes} are taken`,
      { details: { type, bytes: payload.length, maxPayloadBytes } },
    );
  }
}
