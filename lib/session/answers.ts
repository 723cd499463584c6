import { BusError } from '../errors/bus-error.js';
import type { Fault, Message, Outcome } from '../frame/frame.js';
import type { Reply } from '../handler/call.js';
import { faultOf } from '../handler/fault.js';
import type { Outbox } from '../lane/outbox.js';
import { partBytes } from '../lane/parts.js';
import type { Dispatch } from './dispatch.js';
import type { Task } from './task.js';

/** Outcomes that a peer may leave untaken before nothing of it starts any more and it gets no more credit. */
const maxOwed = 8_192;
/** Or one payload, where that may be larger. */
const leastOwedBytes = 64 * 1024 * 1024;

const nothing = new Uint8Array(0);
const noFault: { fault?: Fault } = {};

/** What the agreement says of answers. */
export interface AnswerTerms {
  /** Largest payload in bytes that the peer takes. */
  readonly maxPayloadBytes: number;
  /** Whether the peer acknowledges: what it gets is kept until then. */
  readonly credited: boolean;
}

/** What the answers of a session ask of its door. */
export interface AnswersPort {
  readonly terms: AnswerTerms;
  /** The peer, for events. */
  readonly peer: string;
  /** Starts nothing more for a peer that takes no outcomes, or goes on. */
  withhold(withheld: boolean): void;
  /** The peer takes no outcomes and goes on; nobody who heeds credit and `pull` gets there. */
  overrun(): void;
}

/** The way of the outcomes back to one peer, and how many of them it may leave untaken. */
export class Answers {
  /** The peer has to take outcomes first. */
  withheld = false;

  constructor(
    private readonly dispatch: Dispatch,
    private readonly outbox: Outbox,
    private readonly port: AnswersPort,
  ) {}

  /** Outcomes may have been taken. Gives whether it goes on now, and has not before. */
  taken(): boolean {
    if (!this.withheld || this.#owesTooMuch) return false;
    this.#withhold(false);
    return true;
  }

  /** What the handler of a task gave. */
  reply(task: Task, reply: Reply): void {
    if (task.dropped || task.cut) return;
    const { maxPayloadBytes } = this.port.terms;
    const { length } = reply.payload;
    const untaken = this.outbox.owed.bytes;
    const fits = length <= partBytes || untaken + length <= 4 * this.#maxOwedBytes;
    if (length <= maxPayloadBytes && fits) return this.#send(task.message.seq, reply, false);
    // Written all the same, it would break the link, and again at each replay; or end the session as overrun.
    const gave = `what the handler of '${task.type}' gave has ${length} bytes`;
    const error =
      length > maxPayloadBytes
        ? new BusError('too-large', `${gave}, at most ${maxPayloadBytes} are taken`)
        : new BusError('overflow', `${gave}, and ${untaken} have not been taken yet`);
    task.cut = true;
    this.#fail(task);
    this.refuse(task.message, error, false);
    task.cancel(error);
  }

  /** Tells the sender why; `urgent` leaves ahead of the acknowledgement, so that a `send` is not taken for accepted. */
  refuse({ seq, type, expects }: Message, error: BusError, urgent: boolean): void {
    const { code } = error;
    if (code !== 'cancelled')
      this.dispatch.fault(code === 'overflow' ? 'overflow' : 'fault', this.port.peer, type, error);
    if (expects === 'nothing') return;
    this.#send(seq, { status: 'fault', payload: nothing, codec: '', fault: faultOf(error) }, urgent);
  }

  /** What its handler gave did not do. One that ended at once was counted as it ended. */
  #fail(task: Task): void {
    const { received } = this.dispatch.tally;
    if (task.fate === 'handled') {
      received.handled -= 1;
      received.faulted += 1;
    }
    task.fate = 'faulted';
  }

  #send(re: number, { status, payload, codec, fault }: Reply, urgent: boolean): void {
    const frame: Outcome = {
      kind: 'outcome',
      seq: 0,
      re,
      status,
      payload,
      codec,
      ...(fault ? { fault } : noFault),
    };
    // A peer that goes on asking is refused for as long as this side drains: nobody waits until it has heard the last no.
    const courtesy = urgent && this.dispatch.draining;
    const outgoing = { frame, bytes: payload.length, kept: this.port.terms.credited, courtesy };
    if (urgent) this.outbox.urgent(outgoing);
    else this.outbox.outcome(outgoing);
    if (!this.withheld && this.#owesTooMuch) this.#withhold(true);
    else if (this.withheld && this.#owes(4)) this.port.overrun();
  }

  #withhold(withheld: boolean): void {
    this.withheld = withheld;
    this.port.withhold(withheld);
  }

  get #maxOwedBytes(): number {
    return Math.max(leastOwedBytes, this.port.terms.maxPayloadBytes);
  }

  /** Of itself, or of what the process may hold. */
  get #owesTooMuch(): boolean {
    return this.#owes(1) || this.outbox.outcomes.over;
  }

  /** Whether the peer owes so many times what it may leave untaken. */
  #owes(times: number): boolean {
    const { messages, bytes } = this.outbox.owed;
    return messages > times * maxOwed || bytes > times * this.#maxOwedBytes;
  }
}
