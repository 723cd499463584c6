import type { Owner } from './injection.js';
import type { Provider } from './provider.js';

/** A provider and whose it is. */
export interface Home {
  readonly owner: string | undefined;
  readonly provider: Provider;
}

/** What an owner sees, by token. */
export type View = ReadonlyMap<symbol, Home>;

/**
 * Every provider that an owner sees: the application's, its own, and those of the plugins that it requires, but not of
 * those that these require. The application sees its own alone.
 */
export const seenBy = (owner: Owner, owners: readonly Owner[]): Home[] =>
  owners
    .filter(({ name }) => {
      if (name === undefined || name === owner.name) return true;
      return owner.name !== undefined && owner.requires.includes(name);
    })
    .flatMap(({ name, providers }) => providers.map((provider) => ({ owner: name, provider })));

export const viewOf = (owner: Owner, owners: readonly Owner[]): View =>
  new Map(seenBy(owner, owners).map((home) => [home.provider.token, home]));
