import { BusError } from '../errors/bus-error.js';
import type { Chunk, Message, Totals } from '../frame/frame.js';
import type { Reply, Surroundings } from '../handler/call.js';
import type { Peer } from '../handler/context.js';
import type { Demand } from '../handler/demand.js';
import type { Registration } from '../handler/registration.js';
import type { Outbox } from '../lane/outbox.js';
import type { LaneSource } from '../lane/source.js';
import type { SessionScope } from '../services/injection.js';
import { Answers, type AnswersPort, type AnswerTerms } from './answers.js';
import { Arrivals, type Arrived, type Begun, isBegun, overlong } from './arrivals.js';
import type { Dispatch } from './dispatch.js';
import { nothingReceived } from './numbering.js';
import {
  beyondCredit,
  cancelled,
  cancelledEarly,
  draining,
  noRoom,
  tooLarge,
  unanswered,
  unhandled,
} from './objection.js';
import { OpenTasks } from './open-tasks.js';
import type { Refused } from './tally.js';
import { Task, type TaskOwner, type TaskRoute } from './task.js';

/** What the agreement allows for what we take. */
export interface TakeTerms extends AnswerTerms {
  /** Messages that may wait for an outcome. */
  readonly maxUnanswered: number;
}

/** Cancels of messages that have not arrived: a cancel overtakes. */
const maxEarlyCancels = 1_024;

/**
 * The door of one session: what it receives goes into the lane, or is answered with the reason why not. A peer of the
 * baseline profile, which knows no credit, gets an outcome for everything instead.
 */
export class Inbound implements TaskOwner, AnswersPort {
  terms: TakeTerms = {
    maxPayloadBytes: Number.POSITIVE_INFINITY,
    maxUnanswered: Number.POSITIVE_INFINITY,
    credited: true,
  };
  readonly #answers: Answers;
  readonly #open = new OpenTasks();
  /** Of those of them that give items. */
  #streams: Set<Demand> | undefined;
  #early: Set<number> | undefined;
  /** Their deadlines are on the clock's `now`. From the first one on. */
  #arrivals: Arrivals<Message> | undefined;
  readonly #source: LaneSource<Task>;
  #from: Peer = { id: '', epoch: '', labels: {}, identity: undefined };
  /** From the first message over a link on. */
  #surroundings: Surroundings | undefined;
  /** Of the last message; those of all types once there are two. */
  #route: TaskRoute | undefined;
  #routes: WeakMap<Registration, TaskRoute> | undefined;
  /** From the first message of a session until it is over. */
  #services: SessionScope | undefined;
  /** What the source had received when this session's numbers began: its credit is counted from there. */
  #base: Totals = nothingReceived;

  constructor(
    private readonly dispatch: Dispatch,
    private readonly outbox: Outbox,
    readonly overrun: () => void,
  ) {
    this.#answers = new Answers(dispatch, outbox, this);
    this.#source = dispatch.lane.source(
      () => this.tellCredit(),
      (type, held) => this.#tellHold(type, held),
    );
  }

  /** A link begins: what was agreed, and who handlers see as the sender. */
  begin(terms: TakeTerms, from: Peer): void {
    this.terms = terms;
    // One object for all handlers of the session: none may change what another one sees.
    this.#from = Object.freeze({ ...from, labels: Object.freeze({ ...from.labels }) });
    this.#surroundings = undefined;
    this.#route = undefined;
    this.#routes = undefined;
  }

  get #around(): Surroundings {
    if (this.#surroundings === undefined) {
      this.#services ??= this.dispatch.session(this.#from);
      this.#surroundings = this.dispatch.surroundings(this.#from, this.#services);
    }
    return this.#surroundings;
  }

  /** What has been granted so far, as an absolute limit. */
  get limit(): Totals {
    const { messages, bytes } = this.#base;
    return plus(this.#source.limit, { messages: -messages, bytes: -bytes });
  }

  /** What of that the peer has not used. */
  get granted(): Totals {
    return this.#source.unspent;
  }

  /** Bytes that wait for a handler. */
  get queuedBytes(): number {
    return this.#source.queuedBytes;
  }

  /** Says what is granted, unless the peer has to take outcomes first. Without a link nobody hears it. */
  tellCredit(): void {
    if (this.terms.credited && !this.#answers.withheld)
      this.outbox.control({ kind: 'credit', ...this.limit });
  }

  /** Says which message types the peer is to keep back: over a new link of this session it has forgotten. */
  tellHolds(): void {
    this.#source.restateHolds();
  }

  /** Outcomes may have been taken: lets what waits start again, and says what was granted meanwhile. */
  outcomesTaken(): void {
    if (this.#answers.taken()) this.tellCredit();
  }

  get peer(): string {
    return this.#from.id;
  }

  /** Of `AnswersPort`: its streams are asked for no more items either. */
  withhold(withheld: boolean): void {
    if (withheld) this.#source.pause();
    else this.#source.resume();
    for (const demand of this.#streams ?? []) demand.hold(withheld);
  }

  /** A message, the first part of a large one too. */
  receive(received: Message): void {
    const message: Message =
      this.terms.credited || received.expects !== 'nothing'
        ? received
        : { ...received, expects: 'acceptance' };
    if (isBegun(message)) return this.#begin(message);
    const no = this.#objection(message);
    if (no) return this.#refuse(message, no);
    this.#take(message, 0);
  }

  /** The next part of a large message. Gives what is wrong with it, if the link is not to be trusted any more. */
  part(chunk: Chunk): BusError | undefined {
    this.#source.pass(chunk.payload.length);
    const over = this.#arrivals?.add(chunk);
    if (over === undefined) return undefined;
    const error = overlong(over);
    this.#source.refuse(0);
    this.dispatch.tally.refused.tooLarge += 1;
    this.#answers.refuse(over, error, true);
    return error;
  }

  /** A large message is answered at once if it will not be taken: its sender then sends no more of it. */
  #begin(message: Begun<Message>): void {
    const { payload, timeoutMs, type, size } = message;
    const { messages, bytes } = this.#source.unspent;
    const no = this.#objection(message) ?? (this.dispatch.handlers.get(type) ? undefined : unhandled(type));
    if (no) return this.#refuse(message, no);
    if (messages <= (this.#arrivals?.size ?? 0) || bytes === 0)
      return this.#refuse(message, beyondCredit(type));
    this.#source.pass(payload.length);
    const deadline = timeoutMs > 0 ? this.#now + timeoutMs : 0;
    this.#arrivals ??= new Arrivals(this.dispatch.reserve, (arrived) => this.#arrived(arrived));
    if (this.#arrivals.begin({ ...message, timeoutMs: deadline })) return;
    this.#source.refuse(0);
    this.#turnAway(message, noRoom(type, size, this.dispatch.reserve.capacity));
  }

  #arrived({ frame, reserved }: Arrived<Message>): void {
    const { timeoutMs } = frame;
    const message = timeoutMs > 0 ? { ...frame, timeoutMs: Math.max(1, timeoutMs - this.#now) } : frame;
    const no = this.#objection(message);
    if (no === undefined) return this.#take(message, reserved);
    this.dispatch.reserve.give(reserved);
    this.#refuse(message, no, 0);
  }

  #take(message: Message, reserved: number): void {
    const registration = this.dispatch.handlers.get(message.type);
    if (registration === undefined) {
      this.dispatch.reserve.give(reserved);
      return this.#refuse(message, unhandled(message.type), reserved > 0 ? 0 : message.payload.length);
    }
    const task = new Task(message, this.#routeOf(registration));
    if (reserved > 0) task.reserved = reserved;
    if (message.expects === 'stream') {
      task.demand.ahead = this.outbox.messages;
      this.#streams ??= new Set();
      this.#streams.add(task.demand);
    }
    this.dispatch.addKey(task);
    if (this.#source.admit(task)) {
      this.#open.add(task);
      this.dispatch.tally.received.accepted += 1;
    } else {
      this.#forget(task);
      this.#turnAway(message, beyondCredit(message.type));
    }
  }

  /** Messages of one type come in rows. */
  #routeOf(registration: Registration): TaskRoute {
    const last = this.#route;
    if (last?.registration === registration) return last;
    if (last !== undefined) this.#routes ??= new WeakMap([[last.registration, last]]);
    this.#route = this.#routes?.get(registration) ?? this.#newRoute(registration);
    return this.#route;
  }

  #newRoute(registration: Registration): TaskRoute {
    const gate = this.dispatch.gate(registration);
    const route = { registration, surroundings: this.#around, gate, owner: this };
    this.#routes?.set(registration, route);
    return route;
  }

  cancel(re: number, lastReceived: number): void {
    const task = this.#open.find(re);
    this.outbox.stopOutcome(re);
    const arriving = this.#arrivals?.drop(re);
    if (arriving) {
      this.#source.refuse(0);
      this.dispatch.tally.refused.cancelled += 1;
      this.#answers.refuse(arriving, cancelled(arriving.type), false);
      return;
    }
    if (task === undefined) {
      if (re > lastReceived) this.#cancelEarly(re);
      return;
    }
    const error = cancelled(task.type);
    task.fate ??= 'cancelled';
    if (!this.#source.withdraw(task)) return task.cancel(error);
    this.finished(task);
    this.#answers.refuse(task.message, error, false);
  }

  #cancelEarly(re: number): void {
    this.#early ??= new Set();
    if (this.#early.size < maxEarlyCancels) this.#early.add(re);
  }

  /** The peer gives back credit that it does not use. */
  giveBack(held: Totals, kept: Totals): void {
    this.#source.giveBack(plus(held, this.#base), plus(kept, this.#base));
  }

  pull(re: number, items: number): void {
    this.#open.find(re)?.demand.allow(items);
  }

  /** Answers what has not started, or not arrived whole, with `draining`. */
  drain(): void {
    for (const message of this.#arrivals?.dropAll() ?? []) {
      this.#source.refuse(0);
      this.#turnAway(message, draining(message.type));
    }
    const queued = this.#source.clear();
    // All are counted before anybody hears of one.
    for (const task of queued) {
      task.fate = 'faulted';
      this.finished(task);
    }
    for (const { message, type } of queued) this.#answers.refuse(message, draining(type), false);
  }

  answer(task: Task, reply: Reply): void {
    this.#answers.reply(task, reply);
  }

  ended(task: Task): void {
    this.dispatch.ended(task);
  }

  finished(task: Task): void {
    this.#forget(task);
    task.fate ??= 'handled';
    this.dispatch.tally.received[task.fate] += 1;
    if (task.dropped) task.dropped();
    else this.#open.remove(task);
  }

  /** The peer's session is over: what runs is cancelled, what waits is dropped, and nothing is answered. */
  reset(): void {
    const tasks = this.#open.clear();
    this.#early?.clear();
    const queued = this.#source.clear();
    this.dispatch.tally.received.lost += queued.length;
    for (const task of queued) this.#forget(task);
    this.#arrivals?.dropAll();
    const ended = this.#endServices(tasks.length - queued.length);
    this.#source.forgetHolds();
    this.#base = this.#source.received;
    if (this.#answers.withheld) this.#source.resume();
    this.#answers.withheld = false;
    const gone = new BusError('cancelled', `${this.#from.id} is gone: nobody waits for the result any more`);
    for (const task of tasks) {
      task.dropped = ended;
      task.fate ??= 'lost';
    }
    // After all are marked: the signal of one may end another.
    for (const task of tasks) task.cancel(gone);
  }

  /** The link was lost: of a large publish, what was under way is lost too, and its sender sends no more of it. */
  resumed(): void {
    for (const _ of this.#arrivals?.dropAll(({ expects }) => expects === 'nothing') ?? [])
      this.#source.refuse(0);
  }

  #forget(task: Task): void {
    if (task.message.expects === 'stream') this.#streams?.delete(task.demand);
    this.dispatch.forget(task);
    if (task.reserved > 0) this.dispatch.reserve.give(task.reserved);
  }

  get #now(): number {
    return this.dispatch.now();
  }

  /** The session's services go when the last of so many handlers that still run has settled or is abandoned. */
  #endServices(running: number): () => void {
    const services = this.#services;
    this.#services = undefined;
    let left = running;
    const ended = () => {
      left -= 1;
      if (left === 0) void services?.dispose();
    };
    if (left === 0) void services?.dispose();
    return ended;
  }

  close(): void {
    this.reset();
    this.#source.close();
  }

  #tellHold(type: string, held: boolean): void {
    if (this.terms.credited) this.outbox.control({ kind: 'hold', type, held });
  }

  #objection({ seq, type, payload, size = payload.length }: Message): BusError | undefined {
    if (this.#early?.delete(seq)) return cancelledEarly(type);
    if (this.dispatch.draining) return draining(type);
    const { maxPayloadBytes, maxUnanswered } = this.terms;
    if (size > maxPayloadBytes) return tooLarge(type, size, maxPayloadBytes);
    return this.#open.size >= maxUnanswered ? unanswered(maxUnanswered) : undefined;
  }

  #refuse(message: Message, error: BusError, bytes = message.payload.length): void {
    this.#source.refuse(bytes);
    this.#turnAway(message, error);
  }

  #turnAway(message: Message, error: BusError): void {
    this.dispatch.tally.refused[error.code === 'too-large' ? 'tooLarge' : (error.code as Refused)] += 1;
    this.#answers.refuse(message, error, true);
  }
}

const plus = (a: Totals, b: Totals): Totals => ({
  messages: a.messages + b.messages,
  bytes: a.bytes + b.bytes,
});
