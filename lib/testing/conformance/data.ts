import { isDeepStrictEqual } from 'node:util';
import { textOf } from '../../errors/bus-error.js';
import { describe } from '../../plugin/describe.js';
import type { Plugin } from '../../plugin/manifest.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import type { Subject } from './subject.js';
import { Traces } from './traces.js';
import type { Trial } from './trial.js';

/** A plugin is data first: well formed, listed without running it, and made anew. */
export const dataCases = (subject: Subject): readonly ConformanceCase[] => [
  caseOf(subject, 'is well formed, and fits this SDK, its roles and what it requires', wellFormed),
  caseOf(subject, 'can be made and listed without running anything of it', listed),
  caseOf(subject, 'is made anew each time', fresh),
];

async function wellFormed(trial: Trial): Promise<void> {
  const { subject } = trial;
  const plugin = made(trial);
  const getters = accessors(plugin);
  if (getters.length > 0)
    trial.blame(
      `has getters for ${getters.join(', ')}: a plugin is plain data, so give the values themselves`,
    );
  for (const problem of subject.problems()) trial.blame(`cannot run: ${advised(problem)}`);
}

const advised = (problem: string): string =>
  problem.endsWith('which is not listed')
    ? `${problem}: give it to the kit in options.with, or take it out of the manifest's requires`
    : problem;

async function listed(trial: Trial): Promise<void> {
  const traces = new Traces();
  const plugin = made(trial);
  const counted = counting(plugin);
  describe([counted.plugin]);
  if (counted.called.length > 0) trial.fail(`runs ${counted.called.join(', ')} while it is listed`);
  const left = await traces.left(trial.goneMs);
  if (left.length > 0)
    trial.fail(
      `opens something as it is made (${left.join(', ')}): leave that to start(), which can be stopped`,
    );
}

async function fresh(trial: Trial): Promise<void> {
  const [first, second] = [made(trial), made(trial)];
  if (first === second)
    trial.fail(
      'is one and the same object twice: give the kit a function that makes a new plugin at each call',
    );
  if (!isDeepStrictEqual(describe([first]), describe([second])))
    trial.fail(
      'is another one the second time: the same options must give the same manifest and contributions',
    );
}

/** A plugin that nothing was done with yet. */
function made(trial: Trial): Plugin {
  try {
    return trial.subject.make();
  } catch (thrown) {
    return trial.fail(`cannot be made: ${textOf(thrown)}`, thrown);
  }
}

/** Where the plugin has code in the place of data. */
function accessors(plugin: Plugin | undefined): string[] {
  const found: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(value)))
      if (get) found.push(`${path}${name}`);
  };
  look(plugin, '');
  if (found.length > 0) return found;
  look(plugin?.manifest, 'manifest.');
  look(plugin?.contributes, 'contributes.');
  return found;
}

/** How deep a function may lie that the bus calls: contributes, a list, an item, a part of it. */
const deepest = 4;

/** The plugin with each function that its contributions hold replaced by one that notes that it was called. */
function counting({ manifest, contributes = {} }: Plugin): {
  readonly plugin: Plugin;
  readonly called: string[];
} {
  const called: string[] = [];
  const noted = (value: unknown, path: string, depth = 0): unknown => {
    if (typeof value === 'function') return () => called.push(`${path}()`);
    if (depth === deepest) return value;
    if (Array.isArray(value)) return value.map((item, index) => noted(item, `${path}[${index}]`, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    // A schema or a service may be anything, rings included: it is left as it is.
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, noted(part, `${path}.${name}`, depth + 1)]),
    );
  };
  return { plugin: { manifest, contributes: noted(contributes, 'contributes') as object }, called };
}
