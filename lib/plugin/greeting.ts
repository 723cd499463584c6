import { BusError } from '../errors/bus-error.js';
import type { ErrorCode } from '../errors/code.js';
import type { LinkPeer } from '../frame/peer.js';
import { busErrorOf, isBusError } from '../handler/fault.js';
import { identityOf } from '../handshake/identity.js';
import type { Agreement, Authenticate, HandshakeMiddleware, Negotiate } from '../handshake/negotiate.js';

/** Keeps what plugins do in a greeting apart: what one throws gets its name, and one that hangs can be named. */
export class Greetings {
  /** Whose turn it is, for each peer that is being greeted. Each link has a `peer` object of its own. */
  readonly #turns = new WeakMap<LinkPeer, string>();

  /** The name of the plugin that the greeting of this peer waits for now, if it waits for a plugin. */
  waitsFor(peer: LinkPeer): string | undefined {
    return this.#turns.get(peer);
  }

  /** What it throws that is no `BusError` becomes `unauthenticated`, which does not repeat a word of it. */
  authenticate(plugin: string, authenticate: Authenticate): Authenticate {
    return (hello, context) =>
      this.#turn(plugin, context.peer, 'unauthenticated', async () => {
        try {
          return identityOf(await authenticate(hello, context), `plugin '${plugin}': authentication`);
        } catch (thrown) {
          if (isBusError(thrown)) throw thrown;
          throw named(plugin, 'unauthenticated', 'authentication failed', thrown);
        }
      });
  }

  /** What it throws that is no `BusError` becomes `handshake-failed`; what `next` throws is not put on it. */
  middleware(plugin: string, middleware: HandshakeMiddleware): HandshakeMiddleware {
    return (next) => {
      const negotiate = wrapped(plugin, middleware, (hello, context) => {
        const agreement = this.#further(plugin, next, hello, context);
        // Middleware that lets go of this promise must not end the process with its rejection.
        agreement.catch(() => {});
        return agreement;
      });
      return (hello, context) =>
        this.#turn(plugin, context.peer, 'handshake-failed', async () => {
          const agreement = await negotiate(hello, context);
          if (agreement) return agreement;
          throw named(plugin, 'handshake-failed', 'its handshake middleware gave no agreement');
        });
    };
  }

  /** The next station. Its failures all get a code, so that they pass the middleware further out as they are. */
  async #further(
    plugin: string,
    next: Negotiate,
    ...[hello, context]: Parameters<Negotiate>
  ): Promise<Agreement> {
    if (!hello || !context?.peer)
      throw named(plugin, 'handshake-failed', 'its handshake middleware must call next(hello, context)');
    this.#turns.delete(context.peer);
    try {
      return await next(hello, context);
    } catch (thrown) {
      if (isBusError(thrown)) throw thrown;
      const { message } = busErrorOf(thrown);
      throw new BusError('handshake-failed', `the handshake failed: ${message}`, { cause: thrown });
    } finally {
      this.#turns.set(context.peer, plugin);
    }
  }

  async #turn<T>(plugin: string, peer: LinkPeer, code: ErrorCode, run: () => Promise<T>): Promise<T> {
    this.#turns.set(peer, plugin);
    try {
      return await run();
    } catch (thrown) {
      throw isBusError(thrown) ? thrown : named(plugin, code, busErrorOf(thrown).message, thrown);
    } finally {
      this.#turns.delete(peer);
    }
  }
}

function wrapped(plugin: string, middleware: HandshakeMiddleware, next: Negotiate): Negotiate {
  let negotiate: unknown;
  try {
    negotiate = middleware(next);
  } catch (thrown) {
    throw named(plugin, 'plugin', `its handshake middleware failed: ${busErrorOf(thrown).message}`, thrown);
  }
  if (typeof negotiate !== 'function')
    throw named(plugin, 'plugin', 'its handshake middleware gave no function');
  return negotiate as Negotiate;
}

const named = (plugin: string, code: ErrorCode, text: string, cause?: unknown): BusError =>
  new BusError(code, `plugin '${plugin}': ${text}`, {
    details: { plugin },
    ...(cause === undefined ? {} : { cause }),
  });
