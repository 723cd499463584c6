import { BusError } from '../errors/bus-error.js';
import type { Context, HandlerMessage } from '../handler/context.js';
import { busErrorOf, isBusError } from '../handler/fault.js';
import type { Registration } from '../handler/registration.js';
import { isThenable } from '../handler/thenable.js';
import type { HandlerFunction, HandlerInterceptor } from './contributions.js';

/** An interceptor and the plugin that it belongs to. */
export interface OwnedInterceptor {
  readonly plugin: string;
  readonly intercept: HandlerInterceptor;
}

/** A handler with interceptors around it, the first one outermost. Throws `plugin` for one that gives no function. */
export function intercepted(
  registration: Registration,
  interceptors: readonly OwnedInterceptor[],
): Registration {
  if (interceptors.length === 0) return registration;
  const handle = interceptors.reduceRight<HandlerFunction>(
    (next, interceptor) => new Layer(interceptor, registration.type, next).handle,
    registration.handle,
  );
  return Object.freeze({ ...registration, handle });
}

/** One interceptor around one handler. */
class Layer {
  readonly #around: HandlerFunction;

  constructor(
    private readonly interceptor: OwnedInterceptor,
    private readonly type: string,
    private readonly inner: HandlerFunction,
  ) {
    this.#around = this.#wrap();
  }

  readonly handle: HandlerFunction = (message, context) => {
    const passage = new Passage(context, this);
    try {
      const result = this.#around(message, passage);
      return isThenable(result) ? this.#later(result, passage) : result;
    } catch (thrown) {
      throw this.#blame(thrown, passage);
    }
  };

  readonly #next: HandlerFunction = (message, passage) => {
    if (!(passage instanceof Passage) || passage.layer !== this)
      throw this.#error('must call next() with the message and the context that it was given');
    if (passage.used) throw this.#error('called next() twice for one message');
    return passage.through(this.inner, message);
  };

  #wrap(): HandlerFunction {
    let around: unknown;
    try {
      around = this.interceptor.intercept(this.#next);
    } catch (thrown) {
      throw this.#threw(thrown);
    }
    if (typeof around !== 'function') throw this.#error('gave no function');
    return around as HandlerFunction;
  }

  async #later(result: PromiseLike<unknown>, passage: Passage): Promise<unknown> {
    try {
      return await result;
    } catch (thrown) {
      throw this.#blame(thrown, passage);
    }
  }

  /** What comes from further in, and an error with a code, pass: only what the interceptor itself threw is its fault. */
  #blame(thrown: unknown, passage: Passage): unknown {
    return isBusError(thrown) || passage.failedWith(thrown) ? thrown : this.#threw(thrown);
  }

  #threw(thrown: unknown): BusError {
    return this.#error(`failed: ${busErrorOf(thrown).message}`, { cause: thrown });
  }

  #error(what: string, cause?: { readonly cause: unknown }): BusError {
    const { plugin } = this.interceptor;
    const text = `plugin '${plugin}': its interceptor of '${this.type}' ${what}`;
    return new BusError('plugin', text, { details: { plugin, type: this.type }, ...cause });
  }
}

/** A message's context as one interceptor sees it; knows whether the message was passed on, and what came of that. */
class Passage implements Context {
  used = false;
  #failure: { readonly thrown: unknown } | undefined;
  readonly from: Context['from'];
  readonly deadline: Context['deadline'];
  readonly attempt: Context['attempt'];
  readonly log: Context['log'];

  constructor(
    private readonly context: Context,
    readonly layer: Layer,
  ) {
    this.from = context.from;
    this.deadline = context.deadline;
    this.attempt = context.attempt;
    this.log = context.log;
  }

  get signal(): AbortSignal {
    return this.context.signal;
  }

  through(inner: HandlerFunction, message: HandlerMessage): unknown {
    this.used = true;
    try {
      const result = inner(message, this.context);
      if (!isThenable(result)) return result;
      // Marked as seen: an interceptor that lets go of this promise must not end the process with its rejection.
      const promise = Promise.resolve(result);
      Promise.prototype.then.call(promise, undefined, (thrown) => this.#note(thrown));
      return promise;
    } catch (thrown) {
      this.#note(thrown);
      throw thrown;
    }
  }

  failedWith(thrown: unknown): boolean {
    return this.#failure !== undefined && Object.is(this.#failure.thrown, thrown);
  }

  #note(thrown: unknown): void {
    this.#failure = { thrown };
  }
}
