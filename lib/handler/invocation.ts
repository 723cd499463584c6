import { BusError } from '../errors/bus-error.js';
import type { Message } from '../frame/frame.js';
import { answerOf, failureOf } from './answer.js';
import { Answering } from './answering.js';
import type { Call, LaterReplies, Replies, Surroundings } from './call.js';
import { check } from './check.js';
import { MessageContext } from './context.js';
import { Demand } from './demand.js';
import { busErrorOf } from './fault.js';
import type { Registration } from './registration.js';
import { isThenable } from './thenable.js';

const unread = Symbol('unread');
const never = Number.POSITIVE_INFINITY;
const noHeaders = Object.freeze({});
const noDemand = new Demand();

/** One message and its handler: reads the payload, runs the handler once, and gives what came of it as values. */
export class Invocation implements Call {
  private payload: unknown = unread;
  private answering: Answering | undefined;
  private cancelled: BusError | undefined;
  private refusal: BusError | undefined;
  private outOfTime = false;

  constructor(
    readonly message: Message,
    readonly registration: Registration,
    readonly surroundings: Surroundings,
    readonly deadline = never,
    readonly demand = noDemand,
  ) {}

  /**
   * The key in whose order it runs; '' for a handler without keys. It needs the payload, so it reads and checks it
   * now. '' too if that fails (`run` gives the fault), and if the check is asynchronous: then all are in one order.
   */
  readKey(): string | number {
    const { key } = this.registration.options;
    if (key === undefined) return '';
    try {
      this.payload = this.read();
      if (!(this.payload instanceof Promise)) return keyOf(key(this.payload), this.message.type);
      this.payload.catch(() => {});
    } catch (thrown) {
      this.refusal = busErrorOf(thrown);
    }
    return '';
  }

  /**
   * Runs the handler and never throws; to be called once. `undefined` if all is done and there is nothing to send; an
   * array if all outcomes are known; else what tells them, and when the handler has settled (so its slot is free) or is
   * abandoned.
   */
  run(): Replies | undefined {
    if (this.cancelled !== undefined) return this.told(this.cancelled);
    let context: MessageContext | undefined;
    try {
      if (this.refusal !== undefined) throw this.refusal;
      const { clock } = this.surroundings;
      const timeoutMs = this.registration.options.timeoutMs ?? never;
      const now = this.deadline === never && timeoutMs === never ? 0 : clock.now();
      if (now >= this.deadline) throw this.late('arrived after its deadline, and was not handled');
      const until = Math.min(this.deadline, now + timeoutMs);
      context = this.context(until === never ? undefined : clock.date() + until - now);
      const payload = this.payload === unread ? this.read() : this.payload;
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
      this.surroundings.onFault(busErrorOf(thrown), this);
      return this.told(thrown);
    }
  }

  /**
   * Stops it: before `run` it will not run; later its signal fires with `error` as the reason, and the fault is given
   * at once. After it has answered this does nothing.
   */
  cancel(error: BusError): void {
    this.cancelled ??= error;
    this.answering?.cancel(error);
  }

  /** Whether its time ran out, on the way or while it ran. */
  get expired(): boolean {
    return this.outOfTime;
  }

  /** The plugin whose interceptor keeps it from settling; `undefined` if none does, or the handler does. */
  get heldBy(): string | undefined {
    return this.answering?.heldBy;
  }

  /** What tells the outcomes that come later; `undefined` before `run`, and where there are none. */
  protected get later(): LaterReplies | undefined {
    return this.answering;
  }

  private read(): unknown {
    const { payload, codec, type } = this.message;
    const value = this.surroundings.codecs.decode(payload, codec, type, 'payload');
    const schema = this.registration.contract.payload;
    return schema === undefined ? value : check(schema, value, type, 'payload');
  }

  private handle(payload: unknown, context: MessageContext): unknown {
    const { type, id, seq, headers = noHeaders } = this.message;
    const { ids } = this.surroundings;
    return this.registration.handle({ payload, type, id: id || ids + seq, headers }, context);
  }

  private async afterwards(payload: Promise<unknown>, context: MessageContext): Promise<unknown> {
    const value = await payload;
    return this.answering?.isStopped ? undefined : this.handle(value, context);
  }

  private context(deadline: number | undefined): MessageContext {
    const { from, log, services } = this.surroundings;
    return new MessageContext(
      from,
      deadline,
      this.message.attempt,
      this.registration.log ?? log,
      services,
      this.registration.plugin,
    );
  }

  private answer(context: MessageContext, until: number): Answering {
    const answering = new Answering(this, context);
    this.answering = answering;
    if (until === never) return answering;
    const expired = () =>
      this.late(until < this.deadline ? 'ran into the timeoutMs of its handler' : 'ran out of time');
    return answering.limit(until - this.surroundings.clock.now(), expired);
  }

  /** It may have been cancelled while its synchronous part ran: by itself, if that closed its own worker or hub. */
  private heeding(answering: Answering): Answering {
    if (this.cancelled !== undefined) answering.cancel(this.cancelled);
    return answering;
  }

  private told(thrown: unknown): Replies | undefined {
    const replies = failureOf(this, thrown);
    return replies.length === 0 ? undefined : replies;
  }

  private late(what: string): BusError {
    this.outOfTime = true;
    const { type } = this.message;
    const { timeoutMs } = this.registration.options;
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
