import type { Services } from './services.js';
import type { Token } from './token.js';

/** A class whose constructor parameters all carry `@inject(TOKEN)`, under `@injectable()`. */
// biome-ignore lint/suspicious/noExplicitAny: what a constructor takes is known from its decorators alone.
export type InjectableClass<T> = new (...parameters: any[]) => T;

/**
 * What gives a service. A factory gets the services that its own plugin sees. One that returns a promise provides that
 * promise, to everybody the same: its token is a `Token<Promise<T>>`.
 */
export type Source<T> =
  | { readonly value: T }
  | { readonly factory: (services: Services) => T }
  | { readonly class: InjectableClass<T> };

/**
 * A service that a plugin, or the application, provides. One instance per hub or worker, or, with the scope `session`,
 * per session of a peer; it may need services of its own scope and of longer life. What is built is disposed of with
 * its scope, by `Symbol.asyncDispose` or else `Symbol.dispose`, last built first; of a promise, what it gives. A value
 * is never disposed of, nor is a service that a factory only hands on.
 */
export type Provider<T = unknown> = Source<T> & {
  readonly token: Token<T>;
  readonly scope?: 'session';
};

/** A provider whose source has the type of its token; frozen. */
export const provider = <T>(
  token: Token<T>,
  source: Source<T> & { readonly scope?: 'session' },
): Provider<T> => Object.freeze({ token, ...source });

const ofDrumline = new WeakSet<Provider>();

/** The same for what a hub or worker itself provides: error texts do not take it for the application's. */
export function builtIn<T>(token: Token<T>, source: Parameters<typeof provider<T>>[1]): Provider<T> {
  const made = provider(token, source);
  ofDrumline.add(made as Provider);
  return made;
}

export const isBuiltIn = (provider: Provider): boolean => ofDrumline.has(provider);
