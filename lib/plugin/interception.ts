import { type Around, type Context, type HandlerMessage, MessageContext } from '../handler/context.js';
import type { Registration } from '../handler/registration.js';
import type { Services } from '../services/services.js';
import { changed } from './change.js';
import { type Kind, layered, type Unapplied } from './layer.js';
import { type Owned, Passage, type Subject } from './passage.js';

/** An interceptor of handlers and the plugin that it belongs to. */
export type OwnedInterceptor = Owned<HandlerMessage, Context>;

/** A handler with interceptors around it, the first one outermost. Gives `plugin` for one that gives no function. */
export function intercepted(
  registration: Registration,
  interceptors: readonly OwnedInterceptor[],
  unapplied?: Unapplied,
): Registration {
  if (interceptors.length === 0) return registration;
  const { type } = registration;
  const subject: Subject = { name: `'${type}'`, details: { type } };
  const kind: Kind<HandlerMessage, Context> = {
    subject,
    enter: (message, context, owner) => new HandlerPassage(owner, context, message, subject),
  };
  return Object.freeze({
    ...registration,
    handle: layered(registration.handle, interceptors, kind, unapplied),
  });
}

/** A message's context as the interceptor of one plugin sees it. */
class HandlerPassage extends Passage<HandlerMessage, Context> implements Context, Around {
  readonly from: Context['from'];
  readonly deadline: Context['deadline'];
  readonly attempt: Context['attempt'];
  readonly log: Context['log'];
  readonly #message: HandlerMessage;
  readonly #subject: Subject;
  readonly #outer: Around | undefined;

  constructor(owner: OwnedInterceptor, context: Context, message: HandlerMessage, subject: Subject) {
    super(owner, context);
    this.#message = message;
    this.#subject = subject;
    this.from = context.from;
    this.deadline = context.deadline;
    this.attempt = context.attempt;
    this.log = owner.log ?? context.log;
    if (!(context instanceof MessageContext)) return;
    this.#outer = context.innermost;
    context.innermost = this;
  }

  override get subject(): Subject {
    return this.#subject;
  }

  get plugin(): string {
    return this.owner.plugin;
  }

  get outer(): Around | undefined {
    return this.#outer;
  }

  get signal(): AbortSignal {
    return this.origin.signal;
  }

  /** What the interceptor's plugin can see, not what the handler's can. */
  get services(): Services {
    const { origin } = this;
    return origin instanceof MessageContext ? origin.servicesOf(this.owner.plugin) : origin.services;
  }

  protected override refusal(message: HandlerMessage): string | undefined {
    const { origin } = this;
    if (origin instanceof MessageContext) {
      // That is the fault of nobody here: an interceptor may have waited for something when it happened.
      if (origin.stopped !== undefined) throw origin.stopped;
      if (origin.answered) return 'called next() after it had answered';
    }
    return changed(this.#message, message, ['type', 'id']);
  }
}
