import { BusError } from '../errors/bus-error.js';
import type { CallOptions } from '../handler/call-option.js';
import type { Log } from '../handler/context.js';
import type { Target } from '../handler/target.js';
import type { SendContext, SendMessage, VerbName } from '../handler/verbs.js';
import type { Cancel, Clock } from '../time/clock.js';
import { heldBy } from './send-interception.js';

/** What a call is, besides its message. */
export interface SendingOptions {
  readonly verb: VerbName;
  readonly target: Target;
  readonly type: string;
  /** Without the headers. */
  readonly options: SendContext['options'];
  readonly log: Log;
  readonly clock: Clock;
  /** On the clock's `now`. */
  readonly deadlineAt: number;
  /** Where it leaves the interceptors. */
  readonly onward: (message: SendMessage, sending: Sending) => unknown;
}

/**
 * One call on its way from its caller through interceptors to the bus, and the context with which it goes in. While an
 * interceptor has it, its deadline, its signal and the end of the bus hold here; while the bus has it, they hold there.
 */
export class Sending implements SendContext {
  readonly verb: VerbName;
  readonly target: Target;
  readonly options: SendContext['options'];
  readonly log: Log;
  readonly #call: SendingOptions;
  readonly #timeoutMs: number;
  /** How often the bus has it now: a stream that went in can be subscribed to again. */
  #inside = 0;
  #sent = false;
  /** Why its caller waits no longer than for what the bus says now. */
  #due: (() => BusError) | undefined;
  #end: ((last: () => void) => void) | undefined;
  #fail: (error: BusError) => void = () => {};

  constructor(call: SendingOptions) {
    this.#call = call;
    this.verb = call.verb;
    this.target = call.target;
    this.options = call.options;
    this.log = call.log;
    const { timeoutMs = Math.round(call.deadlineAt - call.clock.now()) } = call.options as CallOptions;
    this.#timeoutMs = timeoutMs;
  }

  /** Passes it to the bus. */
  go(message: SendMessage): unknown {
    return this.#call.onward(message, this);
  }

  /**
   * `fail` is told when time is up, or the caller or the bus gives up. The function that it gives takes all that away
   * and runs its argument, once.
   */
  limit(fail: (error: BusError) => void, ended: () => void): (last: () => void) => void {
    const { clock, deadlineAt } = this.#call;
    const { signal } = this.options as CallOptions;
    const abort = () => this.giveUp(() => this.#cancelled());
    const cancelTimer: Cancel = clock.after(deadlineAt - clock.now(), () => this.giveUp(() => this.#late()));
    signal?.addEventListener('abort', abort, { once: true });
    const end = (last: () => void) => {
      if (this.#end === undefined) return;
      this.#end = undefined;
      cancelTimer();
      signal?.removeEventListener('abort', abort);
      ended();
      last();
    };
    this.#fail = fail;
    this.#end = end;
    return end;
  }

  /** Its caller waits no longer; what the bus has is ended by the bus, in this turn, with more to say. */
  giveUp(why: () => BusError): void {
    this.#due ??= why;
    if (this.#inside === 0) this.#giveUp();
  }

  /** The bus has it now. Throws when it comes too late for that. */
  enter(): void {
    const { clock, deadlineAt } = this.#call;
    if ((this.options as CallOptions).signal?.aborted) throw this.#cancelled();
    if (clock.now() >= deadlineAt) throw this.#late();
    this.#inside += 1;
    this.#sent = true;
  }

  /** The interceptors have it again; if it is due, for no longer than it takes to pass on what came of it. */
  leave(): void {
    this.#inside -= 1;
    if (this.#due && this.#end && this.#inside === 0) this.#call.clock.soon(() => this.#giveUp());
  }

  #giveUp(): void {
    const error = this.#due?.();
    if (error !== undefined) this.#end?.(() => this.#fail(error));
  }

  #late(): BusError {
    const { type } = this.#call;
    const timeoutMs = this.#timeoutMs;
    const held = this.#held();
    const delivery = this.#sent ? 'unknown' : 'not-sent';
    return new BusError('timeout', `'${type}' was not done within ${timeoutMs} ms${held.text}`, {
      details: { type, timeoutMs, ...held.details, delivery },
    });
  }

  #cancelled(): BusError {
    const { type } = this.#call;
    const held = this.#held();
    return new BusError('cancelled', `the caller cancelled '${type}'${held.text}`, {
      details: { type, ...held.details },
      cause: (this.options as CallOptions).signal?.reason,
    });
  }

  /** Who has it, if an interceptor has. */
  #held(): { readonly text: string; readonly details: object } {
    const plugin = heldBy(this);
    if (plugin === undefined) return { text: '', details: {} };
    return { text: `: an interceptor of plugin '${plugin}' has it`, details: { plugin } };
  }
}
