// Plugins are read here, once: what the rest of this folder sees is a frozen copy, whatever becomes of the original.
import semver from 'semver';
import { messageOf } from '../handler/fault.js';
import type { Contributions } from './contributions.js';
import type { Plugin, Role } from './manifest.js';
import { isList, isObject, methodOf, parts, shown } from './shape.js';
import { isRange } from './version.js';

/** What was listed, as it was when it was read. */
export interface Reading {
  /** Whatever its name is, well formed or not. */
  readonly name: unknown;
  /** Absent where there are problems. */
  readonly plugin?: Plugin;
  readonly problems: readonly string[];
}

type Say = (problem: string) => void;

/** Reads each plugin of a list, every part of it once. Never throws: what a plugin throws is a problem of it. */
export function readPlugins(given: unknown): readonly Reading[] {
  try {
    if (isList(given)) return Array.from(given, readPlugin);
    return [{ name: undefined, problems: ['plugins must be a list'] }];
  } catch (thrown) {
    return [{ name: undefined, problems: [`plugins cannot be read: ${messageOf(thrown)}`] }];
  }
}

const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

function readPlugin(given: unknown, index: number): Reading {
  const here = `plugins[${index}]`;
  const reading = { name: undefined as unknown, problems: [] as string[] };
  try {
    const plugin = pluginOf(given, here, reading);
    return reading.problems.length === 0 ? { ...reading, plugin } : reading;
  } catch (thrown) {
    reading.problems.push(`${here} cannot be read: ${messageOf(thrown)}`);
    return reading;
  }
}

/** What it finds wrong it adds to the reading. */
function pluginOf(given: unknown, here: string, reading: { name: unknown; problems: string[] }): Plugin {
  const { problems } = reading;
  const wrong = (problem: string) => {
    problems.push(`${here} ${problem}`);
    return nothing;
  };
  if (typeof given === 'function') return wrong('is a function: call it to get the plugin');
  if (!isObject(given)) return wrong(`is ${shown(given)}: a plugin is an object with a manifest`);
  const { manifest } = given;
  if (!isObject(manifest)) return wrong('has no manifest');
  const { name } = manifest;
  reading.name = name;
  if (typeof name !== 'string' || name.length > 214 || !packageName.test(name))
    return wrong(
      `has the name ${shown(name)}: a plugin is named like an npm package, in lower case, such as '@acme/metrics'`,
    );
  const say: Say = (problem) => problems.push(`plugin '${name}' ${problem}`);
  return Object.freeze({
    manifest: Object.freeze({ name, ...readManifest(manifest, say) }),
    contributes: readContributions(given.contributes, say),
    ...readSteps(given, say),
  }) as Plugin;
}

const nothing = {} as Plugin;

function readManifest({ version, engines, roles, requires }: Readonly<Record<string, unknown>>, say: Say) {
  const drumline = isObject(engines) ? engines.drumline : undefined;
  if (typeof version !== 'string' || semver.valid(version) === null)
    say(`has the version ${shown(version)}, which is no semantic version: write it like 1.4.2`);
  if (drumline === undefined)
    say("does not say which drumline it needs: set engines.drumline in its manifest, as in '^1.4.0'");
  else if (!isRange(drumline))
    say(`needs drumline ${shown(drumline)}, which is no semver range: write it like '^1.4.0'`);
  return {
    version,
    engines: Object.freeze({ drumline }),
    ...(roles === undefined ? {} : { roles: readRoles(roles, say) }),
    ...(requires === undefined ? {} : { requires: readRequires(requires, say) }),
  };
}

function readRoles(given: unknown, say: Say): readonly unknown[] | undefined {
  const roles = isList(given) ? Object.freeze(Array.from(given)) : undefined;
  if (
    !roles?.length ||
    !roles.every((role) => (['hub', 'worker'] satisfies Role[] as unknown[]).includes(role))
  )
    say(`has the roles ${shown(roles ?? given)}: they are a list of 'hub' and 'worker'`);
  return roles;
}

function readRequires(given: unknown, say: Say): object | undefined {
  if (!isObject(given)) {
    say(`has ${shown(given)} for what it requires: name each plugin with a semver range`);
    return undefined;
  }
  const ranges = Object.entries(given);
  for (const [other, range] of ranges)
    if (!isRange(range)) say(`needs plugin '${other}' ${shown(range)}, which is no semver range`);
  return Object.freeze(Object.fromEntries(ranges));
}

function readContributions(given: unknown, say: Say): Contributions {
  if (given === undefined) return noContributions;
  if (!isObject(given)) {
    say(`contributes ${shown(given)}: it must be an object`);
    return noContributions;
  }
  // Inherited ones too: what is not known should not be passed over because a class has it.
  for (const name in given)
    if (!Object.hasOwn(parts, name))
      say(
        `contributes '${name}', which this version of drumline does not know: there are ${Object.keys(parts).join(', ')}`,
      );
  return readParts(given, Object.keys(parts) as (keyof Contributions)[], (name, what) =>
    say(`has a contributes.${name} that is no ${what}`),
  );
}

const noContributions: Contributions = Object.freeze({});

/** Those of the contributions named that are there and what they must be; `say` is told of the others. */
export function readParts(
  given: Readonly<Partial<Record<keyof Contributions, unknown>>>,
  names: readonly (keyof Contributions)[],
  say: (name: string, what: string) => void,
): Contributions {
  const read: Partial<Record<keyof Contributions, unknown>> = {};
  for (const name of names) {
    const part = given[name];
    if (part === undefined) continue;
    const [keep, what] = parts[name];
    const kept = keep(part);
    if (kept === undefined) say(name, what);
    else read[name] = kept;
  }
  return Object.freeze(read as Contributions);
}

/** The steps, as methods of the plugin that was given. */
function readSteps(given: object, say: Say) {
  const steps: Record<string, unknown> = {};
  for (const step of ['start', 'ready', 'stop'] as const) {
    const run = (given as Readonly<Record<string, unknown>>)[step];
    if (run === undefined) continue;
    steps[step] = methodOf(run, given);
    if (steps[step] === undefined) say(`has a ${step} that is no function`);
  }
  return steps;
}
