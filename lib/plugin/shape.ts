import semver from 'semver';
import { isCodecName } from '../handler/codec.js';
import type { Contributions } from './contributions.js';
import type { Plugin } from './manifest.js';
import { isRange } from './version.js';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isRole = (value: unknown): boolean => value === 'hub' || value === 'worker';
const isRegistration = (value: unknown): boolean =>
  isObject(value) && typeof value.type === 'string' && isFunction(value.handle) && isObject(value.options);
const isInterceptor = (value: unknown): boolean =>
  isFunction(value) ||
  (isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(
      ([around, wrap]) => ['handler', 'send'].includes(around) && isFunction(wrap),
    ));
const isCodec = (value: unknown): boolean =>
  isObject(value) && isCodecName(value.name) && isFunction(value.encode) && isFunction(value.decode);
const isExecutor = (value: unknown): boolean =>
  isObject(value) && typeof value.run === 'string' && value.run !== 'inline' && isFunction(value.execute);
const sources = ['value', 'factory', 'class'];
const isProvider = (value: unknown): boolean => {
  if (!isObject(value) || typeof value.token !== 'symbol') return false;
  const given = sources.filter((source) => Object.hasOwn(value, source));
  const { factory, class: made, scope } = value;
  return (
    given.length === 1 &&
    [factory, made].every((source) => source === undefined || isFunction(source)) &&
    (scope === undefined || (scope === 'session' && given[0] !== 'value'))
  );
};
const listOf = (holds: (item: unknown) => boolean) => (value: unknown) => isList(value) && value.every(holds);

const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** What is wrong with the form of a plugin that is to be the one at `index` of its list; nothing if it is well formed. */
export function misshapen(value: unknown, index: number): readonly string[] {
  const here = `plugins[${index}]`;
  if (typeof value === 'function') return [`${here} is a function: call it to get the plugin`];
  if (!isObject(value)) return [`${here} is ${shown(value)}: a plugin is an object with a manifest`];
  const { manifest } = value as Partial<Plugin>;
  if (!isObject(manifest)) return [`${here} has no manifest`];
  const { name } = manifest as Partial<Plugin['manifest']>;
  if (typeof name !== 'string' || name.length > 214 || !packageName.test(name))
    return [
      `${here} has the name ${shown(name)}: a plugin is named like an npm package, in lower case, such as '@acme/metrics'`,
    ];
  const plugin = value as unknown as Plugin;
  return [...wrongManifest(plugin), ...wrongContributions(plugin), ...wrongSteps(plugin)].map(
    (problem) => `plugin '${name}' ${problem}`,
  );
}

function* wrongManifest({ manifest }: Plugin): Iterable<string> {
  const { version, engines, roles, requires } = manifest as Partial<Plugin['manifest']>;
  if (typeof version !== 'string' || semver.valid(version) === null)
    yield `has the version ${shown(version)}, which is no semantic version: write it like 1.4.2`;
  if (engines?.drumline === undefined)
    yield "does not say which drumline it needs: set engines.drumline in its manifest, as in '^1.4.0'";
  else if (!isRange(engines.drumline))
    yield `needs drumline ${shown(engines.drumline)}, which is no semver range: write it like '^1.4.0'`;
  if (roles !== undefined && !(isList(roles) && roles.length > 0 && roles.every(isRole)))
    yield `has the roles ${shown(roles)}: they are a list of 'hub' and 'worker'`;
  if (requires !== undefined && !isObject(requires))
    yield `has ${shown(requires)} for what it requires: name each plugin with a semver range`;
  else
    for (const [other, range] of Object.entries(requires ?? {}))
      if (!isRange(range)) yield `needs plugin '${other}' ${shown(range)}, which is no semver range`;
}

/** What each contribution must be. */
const parts: Readonly<
  Record<keyof Contributions, readonly [holds: (part: unknown) => boolean, what: string]>
> = {
  handlers: [listOf(isRegistration), 'list of what handler() gives'],
  interceptors: [listOf(isInterceptor), 'list of functions and of objects { handler, send }'],
  authenticate: [isFunction, 'function'],
  handshake: [listOf(isFunction), 'list of functions'],
  codecs: [
    listOf(isCodec),
    "list of { name, encode, decode }, named in lower case like 'msgpack', other than 'json' and 'bytes'",
  ],
  detector: [isFunction, 'function'],
  executors: [listOf(isExecutor), "list of { run, execute }, with another run than 'inline'"],
  providers: [
    listOf(isProvider),
    "list of { token, value | factory | class, scope? }: the token made by token(), one source, the scope 'session' or " +
      'none (a value has none)',
  ],
  controllers: [listOf(isFunction), 'list of classes'],
  observers: [listOf(isFunction), 'list of functions'],
};

function* wrongContributions({ contributes = {} }: Plugin): Iterable<string> {
  if (!isObject(contributes)) return yield `contributes ${shown(contributes)}: it must be an object`;
  for (const [name, part] of Object.entries(contributes)) {
    if (!Object.hasOwn(parts, name)) {
      const known = Object.keys(parts).join(', ');
      yield `contributes '${name}', which this version of drumline does not know: there are ${known}`;
      continue;
    }
    const [holds, what] = parts[name as keyof Contributions];
    if (part !== undefined && !holds(part)) yield `has a contributes.${name} that is no ${what}`;
  }
}

function* wrongSteps(plugin: Plugin): Iterable<string> {
  for (const step of ['start', 'ready', 'stop'] as const)
    if (plugin[step] !== undefined && !isFunction(plugin[step])) yield `has a ${step} that is no function`;
}

/** A value in a text: never a long one. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 64)}'`;
  if (isList(value)) return `[${value.slice(0, 8).map(shown).join(', ')}]`;
  return isObject(value) ? 'an object' : isFunction(value) ? 'a function' : String(value);
}
