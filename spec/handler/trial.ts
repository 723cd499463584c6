// A call as a session would make it, on a clock that the spec moves.
import type { BusError } from '../../lib/errors/bus-error.js';
import type { Message } from '../../lib/frame/frame.js';
import type { Call, Replies, Reply, Surroundings } from '../../lib/handler/call.js';
import { type Codecs, standardCodecs } from '../../lib/handler/codec.js';
import type { Demand } from '../../lib/handler/demand.js';
import { Invocation } from '../../lib/handler/invocation.js';

import type { Registration } from '../../lib/handler/registration.js';
import { type Clock, systemClock } from '../../lib/time/clock.js';

/** A clock that stands still until `advance`. */
export class StillClock implements Clock {
  private time = 0;
  private timers: { at: number; task: () => void }[] = [];
  readonly schedule = systemClock.schedule;

  get pending(): number {
    return this.timers.length;
  }
  now(): number {
    return this.time;
  }
  date(): number {
    return 1_000_000 + this.time;
  }
  after(ms: number, task: () => void): () => void {
    const timer = { at: this.time + ms, task };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  soon(task: () => void): void {
    systemClock.soon(task);
  }
  atTurnEnd(task: () => void): void {
    systemClock.atTurnEnd(task);
  }
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((other) => other !== due);
      this.time = due.at;
      due.task();
    }
    this.time = end;
  }
}

/** What one call did: its outcomes so far, and what was reported on this side. */
export class Trial implements Surroundings {
  readonly from = { id: 'w1', epoch: 'e1', labels: {}, identity: undefined };
  readonly ids = 'w1/e1/';
  readonly clock = new StillClock();
  readonly log = { debug() {}, info() {}, warn() {}, error() {} };
  readonly services = {
    of(): never {
      throw new Error('no services are here');
    },
  };
  readonly codecs: Codecs;
  exposeStacks = false;
  readonly faults: BusError[] = [];
  readonly abandoned: Promise<void>[] = [];
  readonly replies: Reply[] = [];
  readonly invocation: Invocation;
  returned: Replies | undefined;
  completed = false;
  private unsubscribe = () => {};

  constructor(
    registration: Registration,
    message: Partial<Message> & { value?: unknown },
    options: { deadline?: number; demand?: Demand; codecs?: Codecs } = {},
  ) {
    const { value, ...fields } = message;
    this.codecs = options.codecs ?? standardCodecs;
    this.invocation = new Invocation(
      {
        kind: 'message',
        seq: 7,
        type: registration.type,
        ...this.codecs.encode(registration.contract.codec ?? '', value, registration.type, 'payload'),
        expects: 'reply',
        timeoutMs: 0,
        attempt: 1,
        id: '',
        ...fields,
      },
      { registration, surroundings: this },
      options.deadline,
      options.demand,
    );
  }

  run(): this {
    this.returned = this.invocation.run();
    if (this.returned === undefined) return this;
    if ('follow' in this.returned) {
      const later = this.returned;
      later.follow({
        value: (reply) => void this.replies.push(reply),
        ended: () => {
          if (this.completed) throw new Error('ended twice');
          this.completed = true;
        },
      });
      this.unsubscribe = () => later.leave();
    } else {
      this.replies.push(...this.returned);
      this.completed = true;
    }
    return this;
  }

  leave(): void {
    this.unsubscribe();
  }
  onFault(error: BusError): void {
    this.faults.push(error);
  }
  onAbandoned(_call: Call, settled: Promise<void>): void {
    this.abandoned.push(settled);
  }

  /** Lets promises settle, and what they lead to. */
  async settle(): Promise<this> {
    for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => systemClock.soon(resolve));
    return this;
  }

  /** Each outcome in short: its status and value, or the fault's code. */
  get outcomes(): unknown[] {
    return this.replies.map(({ status, payload, codec, fault }) =>
      status === 'fault'
        ? fault?.code
        : status === 'done'
          ? 'done'
          : [status, this.codecs.decode(payload, codec, '', 'reply')],
    );
  }
  get fault() {
    return this.replies.find(({ status }) => status === 'fault')?.fault;
  }
}
