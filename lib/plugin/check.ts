import { lenient } from '../handshake/lenient.js';
import type { Negotiate } from '../handshake/negotiate.js';
import type { Owner } from '../services/injection.js';
import { wiringProblems } from '../services/wiring.js';
import { type Application, type Place, readApplication } from './application.js';
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
import { refuse } from './refusal.js';
import { type Reading, readPlugins } from './snapshot.js';
import { fits } from './version.js';

/** Everything of a hub or worker that its plugins and the application bring, checked, and frozen as it was read. */
export interface Composition {
  readonly role: Role;
  /** In dependency order. */
  readonly plugins: readonly Plugin[];
  readonly application: Application;
  /** What handshake middleware is around. */
  readonly negotiate: Negotiate;
  /** The application and every plugin, as the wiring of services sees them. */
  readonly owners: readonly Owner[];
}

/**
 * Plugins and what the application brings, put together. Throws one `BusError` that has every problem, one per line, and
 * in `details.problems` as a list: `plugin`, or `invalid-option` if all of them are of the application alone. Runs
 * nothing of a plugin but its getters, each once.
 */
export function checked(given: readonly Plugin[], place: Place): Composition {
  const { role, negotiate = lenient } = place;
  const readings = readPlugins(given);
  const plugins = wellFormed(readings);
  const { application, problems: misgiven } = readApplication(place);
  const { inOrder, cycles } = dependencyOrder(plugins);
  const registrations = registrationsOf(plugins, application);
  const applicationOwner = ownerOf(application, place);
  const unsupported = unsupportedHandlers(registrations, plugins);
  const problems = [
    ...readings.flatMap(({ problems }) => problems),
    ...misgiven,
    ...plugins.flatMap((plugin) => [...misfits(plugin, place)]),
    ...duplicateNames(readings),
    ...requirements(plugins, new Set(readings.map(({ name }) => name))),
    ...cycles.map((path) => `plugins require each other: ${path.join(' -> ')}`),
    ...duplicateHandlers(registrations),
    ...unsupported.map(({ problem }) => problem),
    ...idleControllers(plugins),
    ...duplicateKeys(plugins),
    ...(role === 'hub' ? exclusives(plugins, 'authenticate', 'a hub', application.authenticate) : []),
    ...exclusives(plugins, 'detector', `a ${role}`, undefined),
    ...wiringProblems([applicationOwner, ...plugins.map(asOwner)]),
  ];
  const ofApplication =
    misgiven.length +
    unsupported.filter(({ owner }) => owner === undefined).length +
    wiringProblems([applicationOwner]).length;
  refuse(problems, ofApplication);
  return {
    role,
    plugins: inOrder,
    application,
    negotiate,
    owners: [applicationOwner, ...inOrder.map(asOwner)],
  };
}

/** Plugins as they were when they were read. Throws `plugin` for what is not well formed, and checks no more. */
export function shaped(given: readonly Plugin[]): readonly Plugin[] {
  const readings = readPlugins(given);
  refuse(readings.flatMap(({ problems }) => problems));
  return wellFormed(readings);
}

const wellFormed = (readings: readonly Reading[]): readonly Plugin[] =>
  readings.flatMap(({ plugin }) => plugin ?? []);

const ownerOf = ({ providers = [] }: Application, { ownProviders = [] }: Place): Owner => ({
  name: undefined,
  providers: [ofSession, ...ownProviders, ...providers],
  requires: [],
  controllers: [],
});

const asOwner = ({ manifest, contributes: { providers = [], controllers = [] } = {} }: Plugin): Owner => ({
  name: manifest.name,
  providers,
  requires: Object.keys(manifest.requires ?? {}),
  controllers,
});

function registrationsOf(plugins: readonly Plugin[], { handlers = [] }: Application): OwnedRegistrations {
  const controllers = new Controllers();
  return [
    ...handlers.map((registration) => [undefined, registration] as const),
    ...plugins.flatMap((plugin) =>
      controllers.registrationsOf(plugin).map((registration) => [plugin, registration] as const),
    ),
  ];
}

/** Where a plugin cannot run: another SDK, the other kind of process. */
function* misfits({ manifest }: Plugin, { role, sdkVersion }: Place): Iterable<string> {
  const { name, engines, roles } = manifest;
  if (!fits(sdkVersion, engines.drumline))
    yield `plugin '${name}' needs drumline ${engines.drumline}, this is ${sdkVersion}`;
  if (roles !== undefined && !roles.includes(role))
    yield `plugin '${name}' is for a ${roles.join(' or ')}, this is a ${role}`;
}

function* duplicateNames(readings: readonly Reading[]): Iterable<string> {
  const places = new Map<unknown, string[]>();
  readings.forEach(({ name, plugin }, index) => {
    if (plugin) places.set(name, [...(places.get(name) ?? []), `plugins[${index}]`]);
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
