import type { DependencyContainer } from 'tsyringe';
import type { Builder } from './builder.js';
import type { Failure, Ownership } from './disposal.js';
import type { SessionScope } from './injection.js';
import { Lifetime, throwFailures } from './lifetime.js';
import { Scope } from './scope.js';
import type { Services } from './services.js';
import type { Home, View } from './view.js';

/** The name of a plugin; `undefined` for the application. */
export type OwnerName = string | undefined;

/** What an owner has for as long as its hub or worker lives. */
export interface Place {
  readonly view: View;
  readonly container: DependencyContainer;
  readonly lifetime: Lifetime;
  readonly scope: Scope;
  readonly seesSessions: boolean;
}

/** What a session needs of its injection. */
export interface House {
  readonly ownership: Ownership;
  readonly builder: Builder;
  /** Sessions that can have something to dispose of. */
  readonly open: Set<SessionScopes>;
  place(owner: OwnerName): Place;
}

export const isPerSession = ({ provider }: Home): boolean => provider.scope === 'session';

/** Siblings cannot see each other: what another one provides is registered by hand, and built by that one. */
export function register(
  container: DependencyContainer,
  { owner, provider }: Home,
  here: OwnerName,
  scope: Scope,
  of: (owner: OwnerName) => Services,
): void {
  const { token } = provider;
  container.register(token, {
    useFactory: () => (owner === here ? scope.own(provider) : of(owner).get(token)),
  });
}

/** The scopes of one session, made when they are first asked for; each builds in a child of its owner's container. */
export class SessionScopes implements SessionScope {
  readonly #services = new Map<OwnerName, Services>();
  readonly #scopes: Scope[] = [];
  readonly #lifetime: Lifetime;

  constructor(
    private readonly house: House,
    private readonly given: ReadonlyMap<symbol, unknown>,
  ) {
    this.#lifetime = new Lifetime(house.ownership, 'its session has ended', (provider) => {
      for (const scope of this.#scopes) scope.forget(provider);
    });
  }

  of(owner: OwnerName): Services {
    const known = this.#services.get(owner);
    if (known !== undefined) return known;
    const services = this.#make(owner);
    this.#services.set(owner, services);
    return services;
  }

  async dispose(): Promise<void> {
    throwFailures(await this.end());
  }

  async end(): Promise<Failure[]> {
    const failures = await this.#lifetime.end();
    this.house.open.delete(this);
    return failures;
  }

  /** Where nothing that the owner sees is per session, its own scope will do. */
  #make(owner: OwnerName): Services {
    const { view, scope: outer, seesSessions } = this.house.place(owner);
    if (!seesSessions) return outer;
    const { builder } = this.house;
    let made: DependencyContainer | undefined;
    const container = () => {
      made ??= this.#container(owner, scope);
      return made;
    };
    const scope = new Scope({
      owner,
      view,
      builder,
      lifetime: this.#lifetime,
      container,
      outer,
      given: this.given,
    });
    this.#scopes.push(scope);
    return scope;
  }

  /** Only where something is to be built: a container is dear, and there may be one for each session and owner. */
  #container(owner: OwnerName, scope: Scope): DependencyContainer {
    const { view, container: parent } = this.house.place(owner);
    const container = parent.createChildContainer();
    for (const home of view.values())
      if (isPerSession(home)) register(container, home, owner, scope, (other) => this.of(other));
    if (this.#lifetime.obstacle === undefined) this.house.open.add(this);
    return container;
  }
}
