import { type Context, type HandlerMessage, MessageContext } from '../handler/context.js';
import type { Registration } from '../handler/registration.js';
import type { Services } from '../services/services.js';
import { type Kind, layered, type Owned, Passage, type Subject } from './layer.js';

/** An interceptor of handlers and the plugin that it belongs to. */
export type OwnedInterceptor = Owned<HandlerMessage, Context>;

/** A handler with interceptors around it, the first one outermost. Throws `plugin` for one that gives no function. */
export function intercepted(
  registration: Registration,
  interceptors: readonly OwnedInterceptor[],
): Registration {
  if (interceptors.length === 0) return registration;
  const { type } = registration;
  const subject: Subject = { name: `'${type}'`, details: { type } };
  const kind: Kind<HandlerMessage, Context> = {
    subject,
    enter: (_message, context, owner) => new HandlerPassage(owner, context, subject),
  };
  return Object.freeze({ ...registration, handle: layered(registration.handle, interceptors, kind) });
}

/** A message's context as the interceptor of one plugin sees it. */
class HandlerPassage extends Passage<HandlerMessage, Context> implements Context {
  readonly from: Context['from'];
  readonly deadline: Context['deadline'];
  readonly attempt: Context['attempt'];
  readonly log: Context['log'];
  readonly #subject: Subject;

  constructor(owner: OwnedInterceptor, context: Context, subject: Subject) {
    super(owner, context);
    this.#subject = subject;
    this.from = context.from;
    this.deadline = context.deadline;
    this.attempt = context.attempt;
    this.log = context.log;
  }

  override get subject(): Subject {
    return this.#subject;
  }

  get signal(): AbortSignal {
    return this.origin.signal;
  }

  /** What the interceptor's plugin can see, not what the handler's can. */
  get services(): Services {
    const { origin } = this;
    return origin instanceof MessageContext ? origin.servicesOf(this.owner.plugin) : origin.services;
  }
}
