import type { Message } from '../frame/frame.js';
import type { Call, Reply, ReplyListener, Route } from '../handler/call.js';
import { Demand } from '../handler/demand.js';
import { Invocation } from '../handler/invocation.js';
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

/** What is the same for every message of one type in one session. */
export interface TaskRoute extends Route {
  readonly gate: Gate;
  readonly owner: TaskOwner;
}

/** A task whose handler goes on; for `Runs`. */
export interface Run {
  readonly task: Task;
  /** On the clock's `now`. */
  readonly startedAt: number;
  before: Run | undefined;
  after: Run | undefined;
}

/** What few tasks have. */
class Extra {
  key: Gate | undefined;
  keyName: string | number = '';
  dropped: (() => void) | undefined;
  cut = false;
  reserved = 0;
}

/** One message on its way through the lane and its handler: one object, since there are thousands a turn. */
export class Task extends Invocation<TaskRoute> implements Work, Ongoing<Answer>, ReplyListener {
  /** What became of it, if not what its handler gave. */
  fate: Fate | undefined;
  /** Where it stands in `OpenTasks`. */
  place = 0;
  /** Where it stands in `Runs`, while its handler goes on. */
  running: Run | undefined;
  #extra: Extra | undefined;
  #listener: Listener<Answer> | undefined;

  constructor(message: Message, route: TaskRoute) {
    const { timeoutMs } = message;
    super(
      message,
      route,
      timeoutMs > 0 ? route.surroundings.clock.now() + timeoutMs : 0,
      message.expects === 'stream' ? new Demand(streamWindow) : undefined,
    );
  }

  get type(): string {
    return this.message.type;
  }

  get gate(): Gate {
    return this.route.gate;
  }

  get bytes(): number {
    return this.reserved > 0 ? 0 : this.message.payload.length;
  }

  /** Bytes that are reserved for a large payload, which counts nowhere else; else 0. */
  get reserved(): number {
    return this.#extra === undefined ? 0 : this.#extra.reserved;
  }

  set reserved(bytes: number) {
    this.#more.reserved = bytes;
  }

  /** What its handler's `key` gave, and the gate that it names. */
  get key(): Gate | undefined {
    return this.#extra?.key;
  }

  get keyName(): string | number {
    return this.#extra === undefined ? '' : this.#extra.keyName;
  }

  keyed(name: string | number, key: Gate): void {
    this.#more.keyName = name;
    this.#more.key = key;
  }

  /** Its session is over: what it still gives goes nowhere, and this is told when it has ended. */
  get dropped(): (() => void) | undefined {
    return this.#extra?.dropped;
  }

  set dropped(ended: () => void) {
    this.#more.dropped = ended;
  }

  /** Its last outcome was given in its place: what it still gives goes nowhere. */
  get cut(): boolean {
    return this.#extra?.cut === true;
  }

  set cut(cut: boolean) {
    this.#more.cut = cut;
  }

  follow(listener: Listener<Answer>): void {
    this.#listener = listener;
    this.later?.follow(this);
  }

  leave(): void {
    this.later?.leave();
    this.route.owner.ended(this);
  }

  value(reply: Reply): void {
    this.#listener?.value({ task: this, reply });
  }

  ended(): void {
    this.route.owner.ended(this);
    this.#listener?.ended();
  }

  get #more(): Extra {
    this.#extra ??= new Extra();
    return this.#extra;
  }
}
