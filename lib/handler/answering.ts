import { BusError } from '../errors/bus-error.js';
import type { Cancel } from '../time/clock.js';
import { answerOf, done, encoded, failureOf } from './answer.js';
import type { Call, LaterReplies, Reply, ReplyListener } from './call.js';
import type { MessageContext } from './context.js';
import { busErrorOf } from './fault.js';
import type { Flow, Sink } from './flow.js';
import { flowOf } from './flow-of.js';

/** A handler that still runs so long after its signal fired is abandoned. */
export const abandonAfterMs = 5000;

/**
 * running: more outcomes may come. stopped: the last outcome was given, the handler has not settled. abandoned: the
 * same, and its listener was told that all is said. ended: the handler has settled, or nobody listens any more.
 */
type Phase = 'running' | 'stopped' | 'abandoned' | 'ended';

const nobody: ReplyListener = { value() {}, ended() {} };

/** A handler that did not finish at once: waits for its promise, then for its flow, until it has settled. */
export class Answering implements Sink, LaterReplies {
  private phase: Phase = 'running';
  private flow: Flow | undefined;
  private timer: Cancel | undefined;
  private listener: ReplyListener | undefined;
  /** What was given before anybody listened. */
  private early: Reply[] | undefined;
  private onSettled: (() => void) | undefined;

  constructor(
    private readonly call: Call,
    private readonly context: MessageContext,
  ) {}

  /** Stops the handler with what `reason` gives, unless it settles within so many milliseconds. */
  limit(ms: number, reason: () => BusError): this {
    this.timer = this.call.route.surroundings.clock.after(ms, () => this.stop(reason()));
    return this;
  }

  /** Answers with what a promise comes to. */
  await(result: PromiseLike<unknown>): this {
    try {
      // Not `.then(...)`: a promise can have a `then` of its own that calls back twice.
      Promise.prototype.then.call(
        Promise.resolve(result),
        (value) => this.settle(value),
        (thrown) => this.fail(thrown),
      );
    } catch (thrown) {
      this.fail(thrown);
    }
    return this;
  }

  /** Answers with the items of a flow. */
  advance(flow: Flow): this {
    this.flow = flow;
    const { demand, route } = this.call;
    try {
      flow.start(demand, route.surroundings.clock, this);
    } catch (thrown) {
      this.stop(busErrorOf(thrown));
    }
    return this;
  }

  /** The plugin whose interceptor has the message now; `undefined` while the handler has it. */
  get heldBy(): string | undefined {
    return this.context.heldBy;
  }

  /** Whether the result is no longer wanted. */
  get isStopped(): boolean {
    return this.phase !== 'running';
  }

  /** Reports the reason, gives it as a fault at once, and fires the signal. Later results are dropped. */
  stop(reason: BusError): void {
    if (this.phase !== 'running') return;
    this.report(reason);
    this.cancel(reason);
  }

  /** The same without a report: it was the sender, or this side, that wanted it. */
  cancel(reason: BusError): void {
    if (this.phase !== 'running') return;
    this.phase = 'stopped';
    this.timer?.();
    this.timer = this.call.route.surroundings.clock.after(abandonAfterMs, () => this.abandon());
    this.give(failureOf(this.call, reason));
    this.context.abort(reason);
    if (this.flow !== undefined) this.close(this.flow);
  }

  item(value: unknown): void {
    if (this.phase !== 'running') return;
    try {
      this.give([encoded(this.call, 'item', value)]);
    } catch (thrown) {
      this.stop(busErrorOf(thrown));
    }
  }

  end(): void {
    if (this.phase === 'running') this.conclude([done]);
    else this.finish();
  }

  fail(thrown: unknown): void {
    if (this.phase === 'running') {
      this.report(thrown);
      this.conclude(failureOf(this.call, thrown));
    } else {
      this.finish();
    }
  }

  private settle(result: unknown): void {
    try {
      if (this.phase === 'running') {
        const answer = answerOf(this.call, result);
        if ('start' in answer) this.advance(answer);
        else this.conclude(answer);
      } else {
        const unwanted = flowOf(result, true);
        if (unwanted === undefined) this.finish();
        else this.close(unwanted);
      }
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  private close(flow: Flow): void {
    flow.stop().then(
      () => this.finish(),
      (thrown) => {
        this.report(thrown);
        this.finish();
      },
    );
  }

  /** The handler has settled, and this is the last that it gives. Whoever gets it may call back. */
  private conclude(replies: readonly Reply[]): void {
    this.phase = 'stopped';
    this.give(replies);
    this.finish();
  }

  private finish(): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    this.context.answered = true;
    this.timer?.();
    this.hush();
    this.onSettled?.();
  }

  private abandon(): void {
    this.phase = 'abandoned';
    const settled = new Promise<void>((resolve) => {
      this.onSettled = resolve;
    });
    this.call.route.surroundings.onAbandoned(this.call, settled);
    this.hush();
  }

  follow(listener: ReplyListener): void {
    this.listener = listener;
    for (const reply of this.early ?? []) listener.value(reply);
    if (this.phase === 'abandoned' || this.phase === 'ended') this.hush();
  }

  leave(): void {
    if (this.listener !== undefined) this.listener = nobody;
    if (this.phase === 'running')
      this.cancel(new BusError('cancelled', 'nobody waits for the result any more'));
    if (this.phase !== 'stopped') return;
    this.phase = 'abandoned';
    this.timer?.();
  }

  /** Tells the listener that all is said: it hears nothing after that. */
  private hush(): void {
    const { listener } = this;
    if (listener === undefined) return;
    this.listener = nobody;
    listener.ended();
  }

  private give(replies: readonly Reply[]): void {
    for (const reply of replies) {
      if (this.listener !== undefined) this.listener.value(reply);
      else if (this.early !== undefined) this.early.push(reply);
      else this.early = [reply];
    }
  }

  private report(thrown: unknown): void {
    this.call.route.surroundings.onFault(busErrorOf(thrown), this.call);
  }
}
