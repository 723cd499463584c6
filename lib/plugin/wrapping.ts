import type { BusError } from '../errors/bus-error.js';
import { messageOf } from '../handler/fault.js';
import { chain, type HandshakeMiddleware, type Negotiate } from '../handshake/negotiate.js';
import { refuse } from './refusal.js';

/** The interceptors and the middleware of one hub or worker while they are applied: what fails is told at the end. */
export class Wrapping {
  readonly #problems: { readonly error: unknown; readonly text: string; readonly ofApplication: boolean }[] =
    [];
  readonly #broken = new Set<object>();

  /** Takes note of an interceptor that cannot be applied. */
  readonly unapplied = (error: BusError, interceptor: object): void => {
    this.#broken.add(interceptor);
    this.#note(error, error.message);
  };

  /** Those of which nothing bad is known: one is told once, and not for each handler. */
  applicable<Interceptor extends object>(interceptors: readonly Interceptor[]): readonly Interceptor[] {
    return interceptors.filter((interceptor) => !this.#broken.has(interceptor));
  }

  /** A negotiation with middleware around it: the application's, and inside of that the plugins'. */
  handshake(
    application: readonly HandshakeMiddleware[],
    plugins: readonly HandshakeMiddleware[],
    negotiate: Negotiate,
  ): Negotiate {
    return chain(
      [
        ...application.map((wrap) => this.#attempt(wrap, 'the application: its handshake middleware')),
        ...plugins.map((wrap) => this.#attempt(wrap)),
      ],
      negotiate,
    );
  }

  /** Throws for all that could not be applied. */
  end(): void {
    const errors = this.#problems.map(({ error }) => error);
    refuse(
      this.#problems.map(({ text }) => text),
      this.#problems.filter(({ ofApplication }) => ofApplication).length,
      { cause: errors.length === 1 ? errors[0] : new AggregateError(errors, 'not applied') },
    );
  }

  /** The same middleware; where it cannot be applied, nothing. Those of plugins say themselves whose they are. */
  #attempt(wrap: HandshakeMiddleware, mine?: string): HandshakeMiddleware {
    return (next) => {
      try {
        const negotiate: unknown = wrap(next);
        if (typeof negotiate === 'function') return negotiate as Negotiate;
        this.#note(undefined, `${mine} gave no function`, mine);
      } catch (thrown) {
        this.#note(
          thrown,
          mine === undefined ? messageOf(thrown) : `${mine} failed: ${messageOf(thrown)}`,
          mine,
        );
      }
      return next;
    };
  }

  #note(error: unknown, text: string, mine?: string): void {
    this.#problems.push({ error, text, ofApplication: mine !== undefined });
  }
}
