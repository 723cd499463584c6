import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import type { CallOptions } from '../handler/call-option.js';
import type { Codecs } from '../handler/codec.js';
import type { AnyContract } from '../handler/contract.js';
import { faultOutcome } from '../handler/fault.js';
import type { Clock } from '../time/clock.js';
import { Deadline } from '../time/deadlines.js';
import type { Call, Caller, Draft } from './call.js';
import type { Encoded, Form } from './draft.js';
import { known, type Names } from './known.js';
import type { Session } from './session.js';

const defaultTimeoutMs = 30_000;

const names: Names<CallOptions> = { timeoutMs: true, signal: true, headers: true, overflow: true };

/** Checks the options that every call takes; throws `invalid-option` and `cancelled`. */
export function deadlineOf(clock: Clock, options: CallOptions): number {
  known('a call', options, names);
  const { timeoutMs = defaultTimeoutMs, signal, overflow = 'wait' } = options;
  if (overflow !== 'wait' && overflow !== 'reject')
    throw new BusError('invalid-option', `overflow of a call is 'wait' or 'reject', not ${textOf(overflow)}`);
  // A text would pass a comparison, and be added as one.
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0))
    throw new BusError(
      'invalid-option',
      `timeoutMs must be a positive number of milliseconds, not ${textOf(timeoutMs)}`,
    );
  if (signal?.aborted)
    throw new BusError('cancelled', 'the caller cancelled the call before it began', {
      cause: signal.reason,
    });
  return clock.now() + timeoutMs;
}

/** One who waits for a call: until its outcome, its deadline or its signal, whichever is first. */
export abstract class Waiting extends Deadline implements Caller, Form {
  // Not the payload: a call that was acknowledged waits without it.
  readonly type: string;
  readonly contract: AnyContract;
  readonly codecs: Codecs;
  protected call: Call | undefined;

  constructor(
    protected readonly session: Session,
    { type, contract, codecs }: Encoded,
    private readonly options: CallOptions,
  ) {
    super();
    this.type = type;
    this.contract = contract;
    this.codecs = codecs;
  }

  /** Puts the message on its way. Throws what `Outbound.call` does, and then waits for nothing. */
  begin(message: Draft, deadlineAt: number): void {
    const { outbound } = this.session;
    const { signal, overflow = 'wait' } = this.options;
    // It may have fired since the options were checked: between two tries of `any()`, or while a worker was waited for.
    if (signal?.aborted) throw this.#cancelled();
    this.call = outbound.call(message, overflow, this);
    signal?.addEventListener('abort', this, { once: true });
    outbound.deadlines.set(this, deadlineAt);
  }

  /** Gives the call up. */
  abandon(error: BusError): void {
    if (this.call !== undefined) this.session.outbound.abandon(this.call, error);
  }

  accepted(): void {}

  abstract outcome(outcome: Outcome): boolean;

  abstract failed(error: BusError): void;

  undelivered(_error: BusError): void {}

  /** The signal fired. */
  handleEvent(): void {
    this.abandon(this.#cancelled());
  }

  #cancelled(): BusError {
    const { name: peer } = this.session;
    const { type } = this;
    const text = `the caller cancelled '${type}' to ${peer}`;
    return new BusError('cancelled', text, { details: { type, peer }, cause: this.options.signal?.reason });
  }

  override expired(): void {
    this.abandon(this.#timeout());
  }

  /** What the fault of an outcome is to the caller. Both sides have the deadline: whichever tells first, it is this one. */
  protected errorOf(outcome: Outcome): BusError {
    const late = outcome.fault?.code === 'timeout' && this.session.outbound.deadlines.isDue(this);
    return late ? this.#timeout() : faultError(this.session, this, outcome);
  }

  #timeout(): BusError {
    const { type } = this;
    const { timeoutMs = defaultTimeoutMs } = this.options;
    const peer = this.session.name;
    const delivery = this.call?.hasLeft ? 'unknown' : 'not-sent';
    const text = `'${type}' to ${peer} was not done within ${timeoutMs} ms`;
    return new BusError('timeout', text, { details: { type, peer, timeoutMs, delivery } });
  }

  /** Waits no more: to be called once the call is settled. */
  protected settled(): void {
    this.session.outbound.deadlines.takeBack(this);
    this.options.signal?.removeEventListener('abort', this);
  }
}

/** What a fault of the peer is on this side: as it was thrown there; without details of its own, with whom it is about. */
function faultError({ name }: Session, { type }: Form, { fault }: Outcome): BusError {
  const error = faultOutcome(fault, type);
  if (Object.keys(error.details).length > 0) return error;
  const { code, message, retryable } = error;
  return new BusError(code, message, { retryable, details: { type, peer: name } });
}
