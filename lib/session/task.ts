import type { Message } from '../frame/frame.js';
import type { Call, Reply, Surroundings } from '../handler/call.js';
import { Demand } from '../handler/demand.js';
import { Invocation } from '../handler/invocation.js';
import type { Registration } from '../handler/registration.js';
import type { Gate } from '../lane/gate.js';
import type { Work } from '../lane/work.js';
import type { Fate } from './tally.js';

/** Where a task's replies go, and who forgets it when it has ended. */
export interface TaskOwner {
  answer(task: Task, reply: Reply): void;
  finished(task: Task): void;
}

/** Items that a stream may send before its consumer asks for more: part of the protocol. */
export const streamWindow = 64;

/** The task whose invocation this is: each is made by its task. */
export const taskOf = (call: Call): Task => (call as TaskInvocation).task;

class TaskInvocation extends Invocation {
  declare task: Task;
}

/** One message on its way through the lane and its handler. */
export class Task implements Work {
  readonly invocation: Invocation;
  readonly type: string;
  readonly bytes: number;
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

  constructor(
    readonly message: Message,
    registration: Registration,
    readonly gate: Gate,
    surroundings: Surroundings,
    readonly owner: TaskOwner,
    /** Bytes that are reserved for a large payload, which counts nowhere else; else 0. */
    readonly reserved = 0,
  ) {
    this.type = message.type;
    this.bytes = reserved > 0 ? 0 : message.payload.length;
    const { timeoutMs } = message;
    const invocation = new TaskInvocation(
      message,
      registration,
      surroundings,
      timeoutMs > 0 ? surroundings.clock.now() + timeoutMs : Number.POSITIVE_INFINITY,
      message.expects === 'stream' ? new Demand(streamWindow) : undefined,
    );
    invocation.task = this;
    this.invocation = invocation;
  }
}
