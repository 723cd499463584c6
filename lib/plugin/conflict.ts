import { missingExecutor } from '../handler/executor.js';
import { handledBy } from '../handler/handles.js';
import type { Registration } from '../handler/registration.js';
import type { Contributions } from './contributions.js';
import type { Plugin } from './manifest.js';

/** Something, and who brought it, in words. */
interface Claim {
  readonly name: string;
  readonly owner: string;
}

const application = 'the application';
const ownerOf = ({ manifest }: Plugin): string => `plugin '${manifest.name}'`;

/** What several bring that may be there once. */
function* clashes(claims: Iterable<Claim>, text: (name: string, owners: readonly string[]) => string) {
  const owners = new Map<string, string[]>();
  for (const { name, owner } of claims) owners.set(name, [...(owners.get(name) ?? []), owner]);
  for (const [name, who] of owners) if (who.length > 1) yield text(name, who);
}

/** Every handler, with who brought it. */
export type OwnedRegistrations = readonly (readonly [
  owner: Plugin | undefined,
  registration: Registration,
])[];

const ownerInWords = (owner: Plugin | undefined): string => (owner ? ownerOf(owner) : application);

/** Two of the application alone are told when they are registered. */
export const duplicateHandlers = (registrations: OwnedRegistrations): Iterable<string> =>
  clashes(
    registrations
      .filter(
        ([owner, { type }], index) =>
          owner || registrations.findIndex(([, first]) => first.type === type) === index,
      )
      .map(([owner, { type }]) => ({ name: type, owner: ownerInWords(owner) })),
    (type, who) => `message type '${type}' has ${who.length} handlers: of ${who.join(' and ')}`,
  );

/** Handlers that cannot run here, each with its owner: somewhere else without an executor, in a form without its codec. */
export function unsupportedHandlers(
  registrations: OwnedRegistrations,
  plugins: readonly Plugin[],
): readonly { readonly owner: Plugin | undefined; readonly problem: string }[] {
  const runs = new Set(contributed(plugins, ({ executors }) => executors).map(({ item }) => item.run));
  const codecs = codecsOf(plugins);
  return registrations.flatMap(([owner, registration]) => {
    const { run = 'inline' } = registration.options;
    const whose = `of ${ownerInWords(owner)}`;
    return [
      ...(run === 'inline' || runs.has(run) ? [] : [`${missingExecutor(registration)} (${whose})`]),
      ...missingCodec(registration, codecs, ` ${whose}`),
    ].map((problem) => ({ owner, problem }));
  });
}

/** The names of the codecs that plugins contribute. */
export const codecsOf = (plugins: readonly Plugin[]): ReadonlySet<string> =>
  new Set(contributed(plugins, ({ codecs }) => codecs).map(({ item }) => item.name));

/** What is said of a handler whose contract names a codec that is not there; nothing if it is. */
export function missingCodec(
  { type, contract: { codec = 'json' } }: Registration,
  codecs: ReadonlySet<string>,
  whose = '',
): readonly string[] {
  if (codec === 'json' || codecs.has(codec)) return [];
  return [`handler '${type}'${whose} has a contract in the codec '${codec}', which no plugin contributes`];
}

/** Codecs and executors of one name. */
export function* duplicateKeys(plugins: readonly Plugin[]): Iterable<string> {
  const claims = <Part>(
    part: (contributes: Contributions) => readonly Part[] | undefined,
    key: (part: Part) => string,
  ) => contributed(plugins, part).map(({ plugin, item }) => ({ name: key(item), owner: ownerOf(plugin) }));
  yield* clashes(
    claims(
      ({ codecs }) => codecs,
      ({ name }) => name,
    ),
    (name, who) => `codec '${name}' is there ${who.length} times: of ${who.join(' and ')}`,
  );
  yield* clashes(
    claims(
      ({ executors }) => executors,
      ({ run }) => run,
    ),
    (run, who) => `run: '${run}' has ${who.length} executors: of ${who.join(' and ')}`,
  );
}

/** Classes without a single `@handles`. */
export function* idleControllers(plugins: readonly Plugin[]): Iterable<string> {
  for (const { plugin, item } of contributed(plugins, ({ controllers }) => controllers))
    if (handledBy(item).length === 0)
      yield `${ownerOf(plugin)}: controller ${item.name} handles nothing: put @handles(Contract) on a method`;
}

/** What only one may bring. */
export function exclusives(
  plugins: readonly Plugin[],
  part: 'authenticate' | 'detector',
  has: string,
  ofApplication: unknown,
): readonly string[] {
  const those = plugins.filter(({ contributes }) => contributes?.[part] !== undefined).map(ownerOf);
  const who = [...(ofApplication === undefined ? [] : [application]), ...those];
  return who.length > 1
    ? [`${has} has one ${part}, and here are ${who.length}: of ${who.join(' and ')}`]
    : [];
}

/** One kind of part of all plugins, each with its plugin. */
export const contributed = <Part>(
  plugins: readonly Plugin[],
  part: (contributes: Contributions) => readonly Part[] | undefined,
): readonly { readonly plugin: Plugin; readonly item: Part }[] =>
  plugins.flatMap((plugin) => (part(plugin.contributes ?? {}) ?? []).map((item) => ({ plugin, item })));
