// What interceptors of handlers and of sends have in common: one layer around one station, and what passes through it.
import { BusError } from '../errors/bus-error.js';
import { busErrorOf, isBusError } from '../handler/fault.js';
import { isThenable } from '../handler/thenable.js';

/** What takes a message with its context and gives a result: a handler, or what sends. */
export type Station<Message, Context> = (message: Message, context: Context) => unknown;

/** An interceptor and the plugin that it belongs to. */
export interface Owned<Message, Context> {
  readonly plugin: string;
  readonly intercept: (next: Station<Message, Context>) => Station<Message, Context>;
}

/** What an interceptor is around: for people, and for `details`. */
export interface Subject {
  readonly name: string;
  readonly details: Readonly<Record<string, string>>;
}

/** What is particular to the layers around handlers, or to those around sends. */
export interface Kind<Message, Context> {
  /** Where no message is known. */
  readonly subject: Subject;
  enter(
    message: Message,
    context: Context,
    layer: Owned<Message, Context>,
  ): Passage<Message, Context> & Context;
}

/** A station with interceptors around it, the first one outermost. Throws `plugin` for one that gives no function. */
export const layered = <Message, Context>(
  station: Station<Message, Context>,
  interceptors: readonly Owned<Message, Context>[],
  kind: Kind<Message, Context>,
): Station<Message, Context> =>
  interceptors.reduceRight((next, interceptor) => new Layer(interceptor, kind, next).run, station);

/** One interceptor around one station. */
class Layer<Message, Context> {
  readonly #around: Station<Message, Context>;

  constructor(
    private readonly interceptor: Owned<Message, Context>,
    private readonly kind: Kind<Message, Context>,
    private readonly inner: Station<Message, Context>,
  ) {
    this.#around = this.#wrap();
  }

  readonly run: Station<Message, Context> = (message, context) => {
    const passage = this.kind.enter(message, context, this.interceptor);
    try {
      const result = passage.given(this.#around(message, passage));
      if (isThenable(result)) return later(result, passage);
      passage.leave();
      return result;
    } catch (thrown) {
      passage.leave();
      throw passage.blame(thrown);
    }
  };

  readonly #next: Station<Message, Context> = (message, passage) => {
    if (passage instanceof Passage && passage.owner === this.interceptor)
      return passage.through(this.inner, message);
    const subject = passage instanceof Passage ? passage.subject : this.kind.subject;
    const what = 'must call next() with the message and the context that it was given';
    throw interceptorError(this.interceptor, subject, what);
  };

  #wrap(): Station<Message, Context> {
    const { interceptor, kind } = this;
    let around: unknown;
    try {
      around = interceptor.intercept(this.#next);
    } catch (thrown) {
      throw interceptorFailed(interceptor, kind.subject, thrown);
    }
    if (typeof around !== 'function') throw interceptorError(interceptor, kind.subject, 'gave no function');
    return around as Station<Message, Context>;
  }
}

/** A message in one layer: the interceptor gets it as its context, and it knows whether the message was passed on. */
export abstract class Passage<Message, Context> {
  readonly #owner: Owned<Message, Context>;
  readonly #origin: Context;
  #used = false;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(owner: Owned<Message, Context>, origin: Context) {
    this.#owner = owner;
    this.#origin = origin;
  }

  abstract get subject(): Subject;

  get owner(): Owned<Message, Context> {
    return this.#owner;
  }

  /** The context that came in, which goes on to the next station. */
  protected get origin(): Context {
    return this.#origin;
  }

  /** Why this message may not be passed on now; nothing if it may. */
  protected refusal(_message: Message): string | undefined {
    return undefined;
  }

  /** What the interceptor gave, as it goes on outwards. Throws for what its place does not allow. */
  given(result: unknown): unknown {
    return result;
  }

  /** The interceptor is done with the message. */
  leave(): void {}

  through(inner: Station<Message, Context>, message: Message): unknown {
    if (this.#used) throw this.error('called next() twice for one message');
    const refusal = this.refusal(message);
    if (refusal !== undefined) throw this.error(refusal);
    this.#used = true;
    try {
      const result = inner(message, this.#origin);
      return isThenable(result) ? seen(result, (thrown) => this.#note(thrown)) : result;
    } catch (thrown) {
      this.#note(thrown);
      throw thrown;
    }
  }

  /** What comes from further in, and an error with a code, pass: only what the interceptor itself threw is its fault. */
  blame(thrown: unknown): unknown {
    const further = this.#failure !== undefined && Object.is(this.#failure.thrown, thrown);
    return further || isBusError(thrown) ? thrown : interceptorFailed(this.#owner, this.subject, thrown);
  }

  protected error(what: string): BusError {
    return interceptorError(this.#owner, this.subject, what);
  }

  #note(thrown: unknown): void {
    this.#failure = { thrown };
  }
}

/** As a promise whose rejection somebody has seen: an interceptor that lets go of it must not end the process. */
export function seen(thenable: PromiseLike<unknown>, rejected: (thrown: unknown) => void): Promise<unknown> {
  const promise = Promise.resolve(thenable);
  Promise.prototype.then.call(promise, undefined, rejected);
  return promise;
}

async function later<Message, Context>(
  result: PromiseLike<unknown>,
  passage: Passage<Message, Context>,
): Promise<unknown> {
  try {
    return await result;
  } catch (thrown) {
    throw passage.blame(thrown);
  } finally {
    passage.leave();
  }
}

const interceptorFailed = (owner: { readonly plugin: string }, subject: Subject, thrown: unknown): BusError =>
  interceptorError(owner, subject, `failed: ${busErrorOf(thrown).message}`, { cause: thrown });

const interceptorError = (
  { plugin }: { readonly plugin: string },
  { name, details }: Subject,
  what: string,
  cause?: { readonly cause: unknown },
): BusError =>
  new BusError('plugin', `plugin '${plugin}': its interceptor of ${name} ${what}`, {
    details: { plugin, ...details },
    ...cause,
  });
