import { BusError } from '../errors/bus-error.js';
import type { Registration } from '../handler/registration.js';
import type { Authenticate } from '../handshake/negotiate.js';
import type { Owner } from '../services/injection.js';
import type { Provider } from '../services/provider.js';
import { wiringProblems } from '../services/wiring.js';
import { ofSession } from './built-in.js';
import {
  duplicateHandlers,
  duplicateKeys,
  exclusives,
  idleControllers,
  type OwnedRegistrations,
  unsupportedHandlers,
} from './conflict.js';
import { Controllers } from './controller.js';
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
  /** What the application and the hub or worker itself provide to every plugin. */
  readonly applicationProviders: readonly Provider[];
}

/**
 * The plugins in dependency order. Throws one `BusError` with code `plugin` that has every problem, one per line, and
 * in `details.problems` as a list. Runs nothing of a plugin.
 */
export function checked(plugins: readonly Plugin[], place: Place): readonly Plugin[] {
  const { listed, wellFormed, problems } = sorted(plugins);
  const { inOrder, cycles } = dependencyOrder(wellFormed);
  const registrations = registrationsOf(wellFormed, place);
  refuse([
    ...problems,
    ...wellFormed.flatMap((plugin) => [...misfits(plugin, place)]),
    ...duplicateNames(listed, wellFormed),
    ...requirements(wellFormed, new Set(listed.map(nameIfAny))),
    ...cycles.map((path) => `plugins require each other: ${path.join(' -> ')}`),
    ...duplicateHandlers(registrations),
    ...unsupportedHandlers(registrations, wellFormed),
    ...idleControllers(wellFormed),
    ...duplicateKeys(wellFormed),
    ...(place.role === 'hub'
      ? exclusives(wellFormed, 'authenticate', 'a hub', place.applicationAuthenticate)
      : []),
    ...exclusives(wellFormed, 'detector', `a ${place.role}`, undefined),
    ...wiringProblems(owners(wellFormed, place)),
  ]);
  return inOrder;
}

/** Throws for what is not well formed, and no more. */
export function checkShapes(plugins: readonly Plugin[]): void {
  refuse(sorted(plugins).problems);
}

/** The application and every plugin, as the wiring of services sees them. */
export const owners = (plugins: readonly Plugin[], { applicationProviders }: Place): readonly Owner[] => [
  { name: undefined, providers: [ofSession, ...applicationProviders], requires: [], controllers: [] },
  ...plugins.map(({ manifest, contributes: { providers = [], controllers = [] } = {} }) => ({
    name: manifest.name,
    providers,
    requires: Object.keys(manifest.requires ?? {}),
    controllers,
  })),
];

function registrationsOf(plugins: readonly Plugin[], { applicationHandlers }: Place): OwnedRegistrations {
  const controllers = new Controllers();
  return [
    ...applicationHandlers.map((registration) => [undefined, registration] as const),
    ...plugins.flatMap((plugin) =>
      controllers.registrationsOf(plugin).map((registration) => [plugin, registration] as const),
    ),
  ];
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

/** The name of whatever was listed, well formed or not: what requires it need not be told twice. */
const nameIfAny = (plugin: Partial<Plugin> | null | undefined): unknown => plugin?.manifest?.name;
