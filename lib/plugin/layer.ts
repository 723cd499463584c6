// Stations with interceptors around them, whether they are handlers or what sends.
import type { BusError } from '../errors/bus-error.js';
import { isThenable } from '../handler/thenable.js';
import {
  interceptorError,
  interceptorFailed,
  type Owned,
  Passage,
  type Station,
  type Subject,
} from './passage.js';

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

/** Told of an interceptor that cannot be applied. If it does not throw, that one is left out. */
export type Unapplied = (error: BusError, interceptor: object) => void;

/** A station with interceptors around it, the first one outermost. Gives `plugin` for one that gives no function. */
export const layered = <Message, Context>(
  station: Station<Message, Context>,
  interceptors: readonly Owned<Message, Context>[],
  kind: Kind<Message, Context>,
  unapplied: Unapplied = (error) => {
    throw error;
  },
): Station<Message, Context> =>
  interceptors.reduceRight((next, interceptor) => {
    try {
      return new Layer(interceptor, kind, next).run;
    } catch (error) {
      unapplied(error as BusError, interceptor);
      return next;
    }
  }, station);

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
      passage.leave(result);
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

async function later<Message, Context>(
  result: PromiseLike<unknown>,
  passage: Passage<Message, Context>,
): Promise<unknown> {
  try {
    const value = await result;
    passage.leave(value);
    return value;
  } catch (thrown) {
    passage.leave();
    throw passage.blame(thrown);
  }
}
