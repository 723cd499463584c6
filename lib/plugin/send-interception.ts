import { catchError, defer, finalize, Observable, type Subscribable } from 'rxjs';
import type { BusError } from '../errors/bus-error.js';
import { isThenable } from '../handler/thenable.js';
import type { SendContext, SendFunction, SendMessage } from '../handler/verbs.js';
import { type Kind, layered, type Owned, Passage, type Subject, seen } from './layer.js';

/** An interceptor of sends and the plugin that it belongs to. */
export type OwnedSendInterceptor = Owned<SendMessage, SendContext>;

/**
 * `send` with interceptors around it, the first one outermost; the function itself if there are none. Throws `plugin`
 * for one that gives no function.
 */
export const interceptedSend = (
  send: SendFunction,
  interceptors: readonly OwnedSendInterceptor[],
): SendFunction => layered(send, interceptors, kind);

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
  #left = false;

  constructor(owner: OwnedSendInterceptor, context: Entered, message: SendMessage) {
    super(owner, context);
    this.verb = context.verb;
    this.target = context.target;
    this.options = context.options;
    this.log = context.log;
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

  get left(): boolean {
    return this.#left;
  }

  override leave(): void {
    this.#left = true;
  }

  protected override refusal(message: SendMessage): string | undefined {
    if (this.#left) return 'called next() after it had answered';
    if (typeof message !== 'object' || message === null) return 'must call next() with a message';
    const { type, headers } = this.#message;
    if (message.type !== type)
      return `passed on the type ${shown(message.type)}: it may change payload and headers, not the type`;
    // What the caller gave wrong is the caller's fault, and is told when it is encoded.
    if (message.headers !== headers && !areTexts(message.headers))
      return 'passed on headers that are no object of strings';
    return undefined;
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
      this.#left = false;
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

const areTexts = (values: unknown): boolean =>
  typeof values === 'object' &&
  values !== null &&
  Object.values(values).every((value) => typeof value === 'string');

const isSubscribable = (value: unknown): value is Subscribable<unknown> =>
  typeof (value as Partial<Subscribable<unknown>> | null | undefined)?.subscribe === 'function';

const shown = (value: unknown): string =>
  typeof value === 'string' ? `'${value.slice(0, 64)}'` : typeof value;
