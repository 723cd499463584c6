// tsyringe throws on import unless the polyfill is there.
import 'reflect-metadata';
import { type DependencyContainer, container as globalContainer } from 'tsyringe';
import { BusError } from '../errors/bus-error.js';
import { Builder, construct } from './builder.js';
import { Ownership } from './disposal.js';
import type { DisposalLimit, Injection, MakeInjection, Owner, SessionScope } from './injection.js';
import { Lifetime, throwFailures } from './lifetime.js';
import { ownerText } from './problem.js';
import type { InjectableClass, Provider } from './provider.js';
import { Scope } from './scope.js';
import type { Services } from './services.js';
import {
  type House,
  isPerSession,
  type OwnerName,
  type Place,
  register,
  SessionScopes,
} from './session-scopes.js';
import { type View, viewOf } from './view.js';

// A child of the global container would see what is registered there; a container without a parent does not.
const Isolated = globalContainer.constructor as new () => DependencyContainer;

/**
 * An injection on tsyringe: the application has a container, each plugin a child of it, each session a child of that.
 * The containers say who provides a token; instances, their order and their end are kept here, because tsyringe builds
 * for whoever asks first, and keeps what it has to dispose of for as long as its container lives.
 */
export const tsyringeInjection: MakeInjection = (owners, limit) => new TsyringeInjection(owners, limit);

const application: Owner = { name: undefined, providers: [], requires: [], controllers: [] };
const nothing: ReadonlyMap<symbol, unknown> = new Map();
const isApplication = ({ name }: Owner): boolean => name === undefined;

class TsyringeInjection implements Injection, House {
  readonly ownership: Ownership;
  readonly builder: Builder;
  readonly open = new Set<SessionScopes>();
  readonly #places = new Map<OwnerName, Place>();

  constructor(owners: readonly Owner[], limit: DisposalLimit) {
    this.ownership = new Ownership(limit);
    this.builder = new Builder(owners);
    for (const provider of owners.flatMap(({ providers }) => providers))
      if ('value' in provider) this.ownership.claim(provider.value);
    const root = new Isolated();
    for (const owner of owners.some(isApplication) ? owners : [application, ...owners]) {
      const container = owner.name === undefined ? root : root.createChildContainer();
      this.#places.set(owner.name, this.#place(owner.name, viewOf(owner, owners), container));
    }
  }

  of(owner: OwnerName): Services {
    return this.place(owner).scope;
  }

  session(given: ReadonlyMap<symbol, unknown> = nothing): SessionScope {
    return new SessionScopes(this, given);
  }

  build<T extends object>(owner: OwnerName, Class: InjectableClass<T>): T {
    const { lifetime, scope } = this.place(owner);
    return this.builder.make({ owner, made: Class }, lifetime, () => construct(Class, scope));
  }

  async dispose(owner: OwnerName): Promise<void> {
    const { lifetime } = this.place(owner);
    const ofSessions = await Promise.all([...this.open].map((session) => session.end()));
    throwFailures([...ofSessions.flat(), ...(await lifetime.end())]);
  }

  begin(owner: OwnerName): void {
    this.place(owner).lifetime.begin();
  }

  place(owner: OwnerName): Place {
    const place = this.#places.get(owner);
    if (place === undefined) throw new BusError('plugin', `${ownerText(owner)} is not here`);
    return place;
  }

  #place(owner: OwnerName, view: View, container: DependencyContainer): Place {
    const { ownership, builder } = this;
    const forget = (provider: Provider) => {
      for (const { scope } of this.#places.values()) scope.forget(provider);
    };
    const lifetime = new Lifetime(ownership, 'what it belongs to is stopped', forget);
    const scope = new Scope({ owner, view, builder, lifetime, container: () => container });
    const homes = [...view.values()];
    for (const home of homes) {
      // The application's are seen through the parent.
      const inherited = owner !== undefined && home.owner === undefined;
      if (!isPerSession(home) && !inherited)
        register(container, home, owner, scope, (other) => this.of(other));
    }
    return { view, container, lifetime, scope, seesSessions: homes.some(isPerSession) };
  }
}
