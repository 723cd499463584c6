import { catchError, defer, finalize, Observable, type Subscribable } from 'rxjs';
import type { BusError } from '../errors/bus-error.js';
import { isThenable } from '../handler/thenable.js';
import type { SendContext, SendFunction, SendMessage } from '../handler/verbs.js';
import { changed } from './change.js';
import { type Kind, layered, type Unapplied } from './layer.js';
import { type Owned, Passage, type Subject, seen } from './passage.js';

/** An interceptor of sends and the plugin that it belongs to. */
export type OwnedSendInterceptor = Owned<SendMessage, SendContext>;

/**
 * `send` with interceptors around it, the first one outermost; the function itself if there are none. Gives `plugin`
 * for one that gives no function.
 */
export const interceptedSend = (
  send: SendFunction,
  interceptors: readonly OwnedSendInterceptor[],
  unapplied?: Unapplied,
): SendFunction => layered(send, interceptors, kind, unapplied);

/** The plugin in whose interceptor a call is now; `undefined` when it is in none. */
export function heldBy(context: Entered): string | undefined {
  let holder: SendPassage | undefined;
  // One that has answered does not wait for those further in, whatever they still do.
  for (let passage = context[innermost]; passage; passage = passage.outer)
    holder = passage.left ? undefined : (holder ?? passage);
  return holder?.owner.plugin;
}

const kind: Kind<SendMessage, SendContext> = {
  subject: { name: 'sends', details: {} },
  enter: (message, context, owner) => new SendPassage(owner, context, message),
};

/** On the context of a call: the passage that was entered last. A `WeakMap` would cost 2 microseconds a call. */
const innermost = Symbol('innermost');

interface Entered extends SendContext {
  [innermost]?: SendPassage;
}

/** One call as one interceptor sees it. */
class SendPassage extends Passage<SendMessage, SendContext> implements SendContext {
  readonly verb: SendContext['verb'];
  readonly target: SendContext['target'];
  readonly options: SendContext['options'];
  readonly log: SendContext['log'];
  readonly #message: SendMessage;
  readonly #outer: SendPassage | undefined;

  constructor(owner: OwnedSendInterceptor, context: Entered, message: SendMessage) {
    super(owner, context);
    this.verb = context.verb;
    this.target = context.target;
    this.options = context.options;
    this.log = owner.log ?? context.log;
    this.#message = message;
    this.#outer = context[innermost];
    context[innermost] = this;
  }

  override get subject(): Subject {
    const { verb } = this;
    const { type } = this.#message;
    return { name: `the ${verb} '${type}'`, details: { type, verb } };
  }

  get outer(): SendPassage | undefined {
    return this.#outer;
  }

  /** A stream is with the interceptor again while somebody reads it, and whatever else it gives is not. */
  override leave(): void {
    super.leave();
  }

  protected override refusal(message: SendMessage): string | undefined {
    return changed(this.#message, message, ['type']);
  }

  override given(result: unknown): unknown {
    if (this.verb === 'publish') return this.#published(result);
    return this.verb === 'stream' ? this.#streamed(result) : result;
  }

  #published(result: unknown): unknown {
    if (isThenable(result)) throw this.#promised(result, 'a publish never waits');
    const { queued, dropped } = (result ?? {}) as Record<string, unknown>;
    if (isCount(queued) && isCount(dropped)) return result;
    throw this.error('must give { queued, dropped }, both numbers of messages');
  }

  #streamed(result: unknown): Observable<unknown> {
    if (isThenable(result))
      throw this.#promised(result, 'wait inside of what it gives, which has subscribe()');
    if (!isSubscribable(result)) throw this.error('must give something with subscribe()');
    const items$ =
      result instanceof Observable
        ? result
        : new Observable<unknown>((subscriber) => result.subscribe(subscriber));
    return defer(() => {
      this.enter();
      return items$;
    }).pipe(
      catchError((thrown) => {
        throw this.blame(thrown);
      }),
      finalize(() => this.leave()),
    );
  }

  #promised(result: PromiseLike<unknown>, why: string): BusError {
    seen(result, () => {});
    return this.error(`gave a promise: ${why}`);
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isSubscribable = (value: unknown): value is Subscribable<unknown> =>
  typeof (value as Partial<Subscribable<unknown>> | null | undefined)?.subscribe === 'function';
