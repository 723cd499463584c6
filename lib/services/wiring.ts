import { parametersOf } from './inject.js';
import type { Owner } from './injection.js';
import {
  ambiguousText,
  classText,
  missingText,
  outlivesText,
  type Path,
  ringText,
  type Step,
} from './problem.js';
import type { InjectableClass } from './provider.js';
import { type Home, seenBy, viewOf } from './view.js';

/**
 * What is wrong with the services of a hub or worker, each in one line, without building anything: tokens with several
 * providers, and for classes what they need and cannot have. What a factory needs shows when it is called.
 */
export function wiringProblems(owners: readonly Owner[]): string[] {
  return [...ambiguities(owners), ...owners.flatMap((owner) => [...needs(owner, owners)])];
}

/** Tokens with several providers in one view. The same ones that several owners see are told once. */
function* ambiguities(owners: readonly Owner[]): Iterable<string> {
  const told = new Map<symbol, Set<string>>();
  for (const viewer of owners) {
    const byToken = new Map<symbol, Home[]>();
    for (const home of seenBy(viewer, owners)) {
      const { token } = home.provider;
      byToken.set(token, [...(byToken.get(token) ?? []), home]);
    }
    for (const [token, homes] of byToken) {
      if (homes.length < 2) continue;
      const sets = told.get(token) ?? new Set();
      const set = JSON.stringify(homes.map(({ owner }) => owner));
      if (!sets.has(set)) yield ambiguousText(token, viewer.name, homes);
      told.set(token, sets.add(set));
    }
  }
}

/** What the classes of an owner need, from its controllers on and then from its providers. Each class is looked at once. */
function* needs(owner: Owner, owners: readonly Owner[]): Iterable<string> {
  const { name } = owner;
  const view = viewOf(owner, owners);
  const visited = new Set<Step['made']>();

  function* visit(step: Step, Class: InjectableClass<unknown>, before: Path): Iterable<string> {
    const path = [...before, step];
    const begin = before.findIndex(({ made }) => made === step.made);
    if (begin >= 0) return yield ringText(path.slice(begin));
    if (visited.has(step.made)) return;
    visited.add(step.made);
    const parameters = parametersOf(Class);
    if (typeof parameters === 'string') return yield classText(step, parameters);
    const perSession = typeof step.made !== 'function' && step.made.scope === 'session';
    for (const token of parameters) {
      const home = view.get(token);
      if (home === undefined) yield missingText(token, name, path, owners);
      else if (home.provider.scope === 'session' && !perSession) yield outlivesText(token, name, path);
      else if (home.owner === name && 'class' in home.provider)
        yield* visit({ owner: name, made: home.provider }, home.provider.class, path);
    }
  }

  for (const Class of owner.controllers) yield* visit({ owner: name, made: Class }, Class, []);
  for (const provider of owner.providers)
    if ('class' in provider) yield* visit({ owner: name, made: provider }, provider.class, []);
}
