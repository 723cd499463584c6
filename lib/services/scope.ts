import { type Builder, construct } from './builder.js';
import type { Lifetime } from './lifetime.js';
import type { Provider } from './provider.js';
import type { Services } from './services.js';
import type { Token } from './token.js';
import type { View } from './view.js';

/** What a scope belongs to and works with. */
export interface ScopeParts {
  readonly owner: string | undefined;
  readonly view: View;
  readonly builder: Builder;
  readonly lifetime: Lifetime;
  /** Where a service is looked for that is asked for the first time. */
  container(): { resolve(token: symbol): unknown };
  /** Of a session's scope: that of its owner, for everything that is not per session. */
  readonly outer?: Scope;
  /** Of a session's scope: what is there already. */
  readonly given?: ReadonlyMap<symbol, unknown>;
}

/** Services as one owner sees them, within a session or outside. What was found once is a lookup in a map. */
export class Scope implements Services {
  readonly #found = new Map<symbol, unknown>();

  constructor(private readonly parts: ScopeParts) {}

  get<T>(token: Token<T>): T {
    const { outer } = this.parts;
    const found = this.#found.get(token) ?? (outer === undefined ? undefined : outer.#found.get(token));
    if (found !== undefined && found !== null) return found as T;
    return (this.#found.has(token) ? this.#found.get(token) : this.#find(token)) as T;
  }

  /** The service of one of the owner's own providers, built here, whatever container was asked for it. */
  own(provider: Provider): unknown {
    const { token } = provider;
    if (!this.#found.has(token)) this.#found.set(token, this.#create(provider));
    return this.#found.get(token);
  }

  /** The next one who asks gets it anew. */
  forget(provider: Provider): void {
    if (this.parts.view.get(provider.token)?.provider === provider) this.#found.delete(provider.token);
  }

  #find(token: Token<unknown>): unknown {
    const { view, owner, outer, builder, given } = this.parts;
    const home = view.get(token);
    if (home === undefined) throw builder.missing(token, owner);
    const perSession = home.provider.scope === 'session';
    if (!perSession && outer !== undefined) return outer.get(token);
    if (perSession && outer === undefined) throw builder.outlives(token, owner);
    const service = given?.has(token) ? given.get(token) : this.parts.container().resolve(token);
    this.#found.set(token, service);
    return service;
  }

  #create(provider: Provider): unknown {
    if ('value' in provider) return provider.value;
    const { owner, lifetime, builder } = this.parts;
    return builder.make({ owner, made: provider }, lifetime, () =>
      'class' in provider ? construct(provider.class, this) : provider.factory(this),
    );
  }
}
