import { BusError } from '../errors/bus-error.js';
import type { Message } from '../frame/frame.js';
import { answerOf, failureOf } from './answer.js';
import { Answering } from './answering.js';
import type { Call, LaterReplies, Replies, Route } from './call.js';
import { check } from './check.js';
import { MessageContext } from './context.js';
import { Demand } from './demand.js';
import { busErrorOf } from './fault.js';
import { isThenable } from './thenable.js';

const unread = Symbol('unread');
const never = Number.POSITIVE_INFINITY;
const noHeaders = Object.freeze({});
const noDemand = new Demand();

/** What few invocations have. */
class Aside {
  /** Read ahead, for its key. */
  payload: unknown = unread;
  refusal: BusError | undefined;
  cancelled: BusError | undefined;
  outOfTime = false;
  demand = noDemand;
}

/**
 * One message and its handler: reads the payload, runs the handler once, and gives what came of it as values. Thousands
 * wait or run at once, so that it has few fields: what most do without is made when it is needed.
 */
export class Invocation<R extends Route = Route> implements Call {
  private answering: Answering | undefined;
  private aside: Aside | undefined;

  /** `deadline`: when the sender stops waiting, by `clock.now()`; 0 for never. */
  constructor(
    readonly message: Message,
    readonly route: R,
    private readonly deadline = 0,
    demand?: Demand,
  ) {
    if (demand !== undefined) this.more.demand = demand;
  }

  /**
   * The key in whose order it runs; '' for a handler without keys. It needs the payload, so it reads and checks it
   * now. '' too if that fails (`run` gives the fault), and if the check is asynchronous: then all are in one order.
   */
  readKey(): string | number {
    const { key } = this.route.registration.options;
    if (key === undefined) return '';
    const { more } = this;
    try {
      more.payload = this.read();
      if (!(more.payload instanceof Promise)) return keyOf(key(more.payload), this.message.type);
      more.payload.catch(() => {});
    } catch (thrown) {
      more.refusal = busErrorOf(thrown);
    }
    return '';
  }

  /**
   * Runs the handler and never throws; to be called once. `undefined` if all is done and there is nothing to send; an
   * array if all outcomes are known; else what tells them, and when the handler has settled (so its slot is free) or is
   * abandoned.
   */
  run(): Replies | undefined {
    const { aside, route } = this;
    if (aside?.cancelled !== undefined) return this.told(aside.cancelled);
    let context: MessageContext | undefined;
    try {
      if (aside?.refusal !== undefined) throw aside.refusal;
      const { clock } = route.surroundings;
      const { timeoutMs = never } = route.registration.options;
      const deadline = this.deadline === 0 ? never : this.deadline;
      const now = deadline === never && timeoutMs === never ? 0 : clock.now();
      if (now >= deadline) throw this.late('arrived after its deadline, and was not handled');
      const until = Math.min(deadline, now + timeoutMs);
      context = new MessageContext(
        route,
        until === never ? undefined : clock.date() + until - now,
        this.message.attempt,
      );
      const payload = aside === undefined || aside.payload === unread ? this.read() : aside.payload;
      const result =
        payload instanceof Promise ? this.afterwards(payload, context) : this.handle(payload, context);
      if (result === undefined && this.message.expects === 'nothing') return undefined;
      if (isThenable(result)) return this.heeding(this.answer(context, until).await(result));
      const answer = answerOf(this, result);
      if ('start' in answer) return this.heeding(this.answer(context, until).advance(answer));
      context.answered = true;
      return answer.length === 0 ? undefined : answer;
    } catch (thrown) {
      if (context !== undefined) context.answered = true;
      route.surroundings.onFault(busErrorOf(thrown), this);
      return this.told(thrown);
    }
  }

  /**
   * Stops it: before `run` it will not run; later its signal fires with `error` as the reason, and the fault is given
   * at once. After it has answered this does nothing.
   */
  cancel(error: BusError): void {
    this.more.cancelled ??= error;
    this.answering?.cancel(error);
  }

  /** The consumer's credit, for a message that expects a stream. */
  get demand(): Demand {
    return this.aside?.demand ?? noDemand;
  }

  /** Whether its time ran out, on the way or while it ran. */
  get expired(): boolean {
    return this.aside?.outOfTime === true;
  }

  /** The plugin whose interceptor keeps it from settling; `undefined` if none does, or the handler does. */
  get heldBy(): string | undefined {
    return this.answering?.heldBy;
  }

  /** What tells the outcomes that come later; `undefined` before `run`, and where there are none. */
  protected get later(): LaterReplies | undefined {
    return this.answering;
  }

  private get more(): Aside {
    this.aside ??= new Aside();
    return this.aside;
  }

  private read(): unknown {
    const { payload, codec, type } = this.message;
    const { registration, surroundings } = this.route;
    const value = surroundings.codecs.decode(payload, codec, type, 'payload');
    const schema = registration.contract.payload;
    return schema === undefined ? value : check(schema, value, type, 'payload');
  }

  private handle(payload: unknown, context: MessageContext): unknown {
    const { type, id, seq, headers = noHeaders } = this.message;
    const { registration, surroundings } = this.route;
    const { ids } = surroundings;
    return registration.handle({ payload, type, id: id || ids + seq, headers }, context);
  }

  private async afterwards(payload: Promise<unknown>, context: MessageContext): Promise<unknown> {
    const value = await payload;
    return this.answering?.isStopped ? undefined : this.handle(value, context);
  }

  private answer(context: MessageContext, until: number): Answering {
    const answering = new Answering(this, context);
    this.answering = answering;
    if (until === never) return answering;
    const expired = () =>
      this.late(until === this.deadline ? 'ran out of time' : 'ran into the timeoutMs of its handler');
    return answering.limit(until - this.route.surroundings.clock.now(), expired);
  }

  /** It may have been cancelled while its synchronous part ran: by itself, if that closed its own worker or hub. */
  private heeding(answering: Answering): Answering {
    const cancelled = this.aside?.cancelled;
    if (cancelled !== undefined) answering.cancel(cancelled);
    return answering;
  }

  private told(thrown: unknown): Replies | undefined {
    const replies = failureOf(this, thrown);
    return replies.length === 0 ? undefined : replies;
  }

  private late(what: string): BusError {
    this.more.outOfTime = true;
    const { type } = this.message;
    const { timeoutMs } = this.route.registration.options;
    const plugin = this.heldBy;
    const held = plugin === undefined ? '' : `: an interceptor of plugin '${plugin}' has it`;
    return new BusError('timeout', `a message of type '${type}' ${what}${held}`, {
      details: {
        type,
        ...(timeoutMs === undefined ? {} : { handlerTimeoutMs: timeoutMs }),
        ...(plugin === undefined ? {} : { plugin }),
      },
    });
  }
}

function keyOf(key: unknown, type: string): string | number {
  if (typeof key === 'string' || typeof key === 'number') return key;
  throw new BusError(
    'handler-failed',
    `key of handler '${type}' gave a ${typeof key}: it must give a string or number`,
  );
}
