import { BusError } from '../errors/bus-error.js';
import type { Registration } from '../handler/registration.js';
import type { Authenticate } from '../handshake/negotiate.js';
import type { Plugin, Role } from './manifest.js';
import { dependencyOrder } from './order.js';
import { misshapen } from './shape.js';
import { fits } from './version.js';

/** What plugins are checked against. */
export interface Place {
  readonly role: Role;
  readonly sdkVersion: string;
  readonly applicationHandlers: readonly Registration[];
  readonly applicationAuthenticate?: Authenticate | undefined;
}

/**
 * The plugins in dependency order. Throws one `BusError` with code `plugin` that has every problem, one per line, and
 * in `details.problems` as a list. Runs nothing of a plugin.
 */
export function checked(plugins: readonly Plugin[], place: Place): readonly Plugin[] {
  const { listed, wellFormed, problems } = sorted(plugins);
  const { inOrder, cycles } = dependencyOrder(wellFormed);
  refuse([
    ...problems,
    ...wellFormed.flatMap((plugin) => [...misfits(plugin, place)]),
    ...duplicateNames(listed, wellFormed),
    ...requirements(wellFormed, new Set(listed.map(nameIfAny))),
    ...cycles.map((path) => `plugins require each other: ${path.join(' -> ')}`),
    ...duplicateHandlers(wellFormed, place),
    ...authenticators(wellFormed, place),
  ]);
  return inOrder;
}

/** Throws for what is not well formed, and no more. */
export function checkShapes(plugins: readonly Plugin[]): void {
  refuse(sorted(plugins).problems);
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new BusError('plugin', problems.join('\n'), { details: { problems } });
}

interface Sorted {
  /** Everything that was listed. */
  readonly listed: readonly Plugin[];
  /** What the other rules are applied to. */
  readonly wellFormed: readonly Plugin[];
  /** What is wrong with the rest. */
  readonly problems: readonly string[];
}

function sorted(plugins: unknown): Sorted {
  if (!Array.isArray(plugins)) return { listed: [], wellFormed: [], problems: ['plugins must be a list'] };
  const problems = plugins.map(misshapen);
  const wellFormed = plugins.filter((_, index) => problems[index]?.length === 0);
  return { listed: plugins, wellFormed, problems: problems.flat() };
}

/** Where a plugin cannot run: another SDK, the other kind of process. */
function* misfits({ manifest }: Plugin, { role, sdkVersion }: Place): Iterable<string> {
  const { name, engines, roles } = manifest;
  if (!fits(sdkVersion, engines.drumline))
    yield `plugin '${name}' needs drumline ${engines.drumline}, this is ${sdkVersion}`;
  if (roles !== undefined && !roles.includes(role))
    yield `plugin '${name}' is for a ${roles.join(' or ')}, this is a ${role}`;
}

function* duplicateNames(listed: readonly Plugin[], wellFormed: readonly Plugin[]): Iterable<string> {
  const places = new Map<string, string[]>();
  listed.forEach((plugin, index) => {
    if (!wellFormed.includes(plugin)) return;
    const { name } = plugin.manifest;
    places.set(name, [...(places.get(name) ?? []), `plugins[${index}]`]);
  });
  for (const [name, where] of places)
    if (where.length > 1) yield `plugin '${name}' is listed ${where.length} times: ${where.join(', ')}`;
}

function* requirements(plugins: readonly Plugin[], listed: ReadonlySet<unknown>): Iterable<string> {
  for (const { manifest } of plugins) {
    for (const [name, range] of Object.entries(manifest.requires ?? {})) {
      const needs = `plugin '${manifest.name}' needs plugin '${name}' ${range}`;
      const found = plugins.find((other) => other.manifest.name === name)?.manifest.version;
      if (found !== undefined && !fits(found, range)) yield `${needs}, this is ${found}`;
      else if (!listed.has(name)) yield `${needs}, which is not listed`;
    }
  }
}

function* duplicateHandlers(plugins: readonly Plugin[], place: Place): Iterable<string> {
  const owners = new Map(place.applicationHandlers.map(({ type }) => [type, ['the application']]));
  for (const { manifest, contributes } of plugins)
    for (const { type } of contributes?.handlers ?? [])
      owners.set(type, [...(owners.get(type) ?? []), `plugin '${manifest.name}'`]);
  for (const [type, who] of owners)
    if (who.length > 1) yield `message type '${type}' has ${who.length} handlers: of ${who.join(' and ')}`;
}

function* authenticators(plugins: readonly Plugin[], place: Place): Iterable<string> {
  if (place.role !== 'hub') return;
  const own = place.applicationAuthenticate === undefined ? [] : ['the application'];
  const those = plugins.filter(({ contributes }) => contributes?.authenticate !== undefined);
  const who = [...own, ...those.map(({ manifest }) => `plugin '${manifest.name}'`)];
  if (who.length > 1) yield `a hub has one authenticate, and here are ${who.length}: of ${who.join(' and ')}`;
}

/** The name of whatever was listed, well formed or not: what requires it need not be told twice. */
const nameIfAny = (plugin: Partial<Plugin> | null | undefined): unknown => plugin?.manifest?.name;
