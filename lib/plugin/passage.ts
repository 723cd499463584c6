// What passes through one interceptor around one station: what interceptors of handlers and of sends have in common.
import { BusError } from '../errors/bus-error.js';
import type { Log } from '../handler/context.js';
import { busErrorOf, isBusError } from '../handler/fault.js';
import { isThenable } from '../handler/thenable.js';

/** What takes a message with its context and gives a result: a handler, or what sends. */
export type Station<Message, Context> = (message: Message, context: Context) => unknown;

/** An interceptor and the plugin that it belongs to. */
export interface Owned<Message, Context> {
  readonly plugin: string;
  /** Where the plugin writes; unless given, where the context says. */
  readonly log?: Log;
  readonly intercept: (next: Station<Message, Context>) => Station<Message, Context>;
}

/** What an interceptor is around: for people, and for `details`. */
export interface Subject {
  readonly name: string;
  readonly details: Readonly<Record<string, string>>;
}

/** A message in one layer: the interceptor gets it as its context, and it knows whether the message was passed on. */
export abstract class Passage<Message, Context> {
  readonly #owner: Owned<Message, Context>;
  readonly #origin: Context;
  #used = false;
  #inside = false;
  #left = false;
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

  /** Whether the message has been passed on, and nothing has come of it yet. A stream goes on while it is read. */
  get inside(): boolean {
    return this.#inside;
  }

  /** Whether the interceptor has answered. */
  get left(): boolean {
    return this.#left;
  }

  /** Why this message may not be passed on; nothing if it may. */
  protected abstract refusal(message: Message): string | undefined;

  /** What the interceptor gave, as it goes on outwards. Throws for what its place does not allow. */
  given(result: unknown): unknown {
    return result;
  }

  /** The interceptor has answered with that, or has thrown. One that gives a stream is done when that is. */
  leave(result?: unknown): void {
    this.#left = !isMany(result);
  }

  /** It has the message again. */
  protected enter(): void {
    this.#left = false;
  }

  through(inner: Station<Message, Context>, message: Message): unknown {
    if (this.#used) throw this.error('called next() twice for one message');
    if (this.#left) throw this.error('called next() after it had answered');
    const refusal = this.refusal(message);
    if (refusal !== undefined) throw this.error(refusal);
    this.#used = true;
    this.#inside = true;
    try {
      const result = inner(message, this.#origin);
      if (isThenable(result))
        return seen(
          result,
          (thrown) => this.#note(thrown),
          (value) => this.#came(value),
        );
      this.#came(result);
      return result;
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

  #came(result: unknown): void {
    this.#inside = isMany(result);
  }

  #note(thrown: unknown): void {
    this.#inside = false;
    this.#failure = { thrown };
  }
}

/** Whether a result may be a stream, of which more comes later. Never throws. */
function isMany(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return false;
  try {
    return ['subscribe', '@@observable', Symbol.asyncIterator, Symbol.iterator].some((key) => key in result);
  } catch {
    return false;
  }
}

/** As a promise whose rejection somebody has seen: an interceptor that lets go of it must not end the process. */
export function seen(
  thenable: PromiseLike<unknown>,
  rejected: (thrown: unknown) => void,
  resolved?: (value: unknown) => void,
): Promise<unknown> {
  const promise = Promise.resolve(thenable);
  Promise.prototype.then.call(promise, resolved, rejected);
  return promise;
}

export const interceptorFailed = (
  owner: { readonly plugin: string },
  subject: Subject,
  thrown: unknown,
): BusError => interceptorError(owner, subject, `failed: ${busErrorOf(thrown).message}`, { cause: thrown });

export const interceptorError = (
  { plugin }: { readonly plugin: string },
  { name, details }: Subject,
  what: string,
  cause?: { readonly cause: unknown },
): BusError =>
  new BusError('plugin', `plugin '${plugin}': its interceptor of ${name} ${what}`, {
    details: { plugin, ...details },
    ...cause,
  });
