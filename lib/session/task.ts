import type { Message } from '../frame/frame.js';
import type { Call, Reply, ReplyListener, Surroundings } from '../handler/call.js';
import { Demand } from '../handler/demand.js';
import { Invocation } from '../handler/invocation.js';
import type { Registration } from '../handler/registration.js';
import type { Gate } from '../lane/gate.js';
import type { Listener, Ongoing } from '../lane/slot.js';
import type { Work } from '../lane/work.js';
import type { Fate } from './tally.js';

/** One outcome, and whose it is. */
export interface Answer {
  readonly task: Task;
  readonly reply: Reply;
}

/** Where a task's replies go, and who forgets it when it has ended. */
export interface TaskOwner {
  answer(task: Task, reply: Reply): void;
  finished(task: Task): void;
  /** A handler that went on has ended: it settled, or was abandoned, or nobody listens any more. */
  ended(task: Task): void;
}

/** Items that a stream may send before its consumer asks for more: part of the protocol. */
export const streamWindow = 64;

/** The task that a call is: in a session there are no others. */
export const taskOf = (call: Call): Task => call as Task;

/** One message on its way through the lane and its handler: one object, since there are thousands a turn. */
export class Task extends Invocation implements Work, Ongoing<Answer>, ReplyListener {
  key: Gate | undefined;
  /** What the handler's `key` gave; names the gate. */
  keyName: string | number = '';
  /** Its session is over: what it still gives goes nowhere, and this is told when it has ended. */
  dropped: (() => void) | undefined;
  /** Its last outcome was given in its place: what it still gives goes nowhere. */
  cut = false;
  /** What became of it, if not what its handler gave. */
  fate: Fate | undefined;
  /** On the clock's `now`; 0 while it is queued. */
  startedAt = 0;
  /** Where it stands in `OpenTasks`. */
  place = 0;
  /** Its neighbours among those that run. */
  before: Task | undefined;
  after: Task | undefined;
  #listener: Listener<Answer> | undefined;

  constructor(
    message: Message,
    registration: Registration,
    readonly gate: Gate,
    surroundings: Surroundings,
    readonly owner: TaskOwner,
    /** Bytes that are reserved for a large payload, which counts nowhere else; else 0. */
    readonly reserved = 0,
  ) {
    const { timeoutMs } = message;
    super(
      message,
      registration,
      surroundings,
      timeoutMs > 0 ? surroundings.clock.now() + timeoutMs : undefined,
      message.expects === 'stream' ? new Demand(streamWindow) : undefined,
    );
  }
  get type(): string {
    return this.message.type;
  }

  get bytes(): number {
    return this.reserved > 0 ? 0 : this.message.payload.length;
  }

  follow(listener: Listener<Answer>): void {
    this.#listener = listener;
    this.later?.follow(this);
  }

  leave(): void {
    this.later?.leave();
    this.owner.ended(this);
  }

  value(reply: Reply): void {
    this.#listener?.value({ task: this, reply });
  }

  ended(): void {
    this.owner.ended(this);
    this.#listener?.ended();
  }
}
