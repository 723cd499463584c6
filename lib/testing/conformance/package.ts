import { readFileSync } from 'node:fs';
import { textOf } from '../../errors/bus-error.js';
import { fits } from '../../plugin/version.js';
import { sdkVersion } from '../../session/option.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** The plugin's package, if the kit was told where it is. */
export function packageCases(subject: Subject): readonly ConformanceCase[] {
  const { packageJson } = subject.options;
  if (packageJson === undefined) return [];
  return [caseOf(subject, 'is packaged as its manifest says', async (trial) => packaged(trial, packageJson))];
}

type Json = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};

function packaged(trial: Trial, packageJson: URL): void {
  const { manifest } = trial.subject.make();
  const found = read(trial, packageJson);
  for (const field of ['name', 'version'] as const)
    if (found[field] !== manifest[field])
      trial.blame(
        `says ${field} '${manifest[field]}' in its manifest, and '${found[field]}' in package.json`,
      );
  for (const kind of ['dependencies', 'optionalDependencies', 'bundledDependencies'])
    if ('drumline' in objectOf(found[kind]))
      trial.blame(`has drumline in ${kind}: a second copy would be installed; move it to peerDependencies`);
  const peer = objectOf(found.peerDependencies).drumline;
  if (typeof peer !== 'string')
    trial.blame('has no peer dependency on drumline: set peerDependencies.drumline');
  else if (!fits(sdkVersion, peer))
    trial.blame(`has drumline ${peer} as a peer, and this is ${sdkVersion}: widen peerDependencies.drumline`);
  for (const text of exportsOf(found)) trial.blame(text);
}

function read(trial: Trial, packageJson: URL): Json {
  try {
    return objectOf(JSON.parse(readFileSync(packageJson, 'utf8')));
  } catch (thrown) {
    return trial.fail(`has no package.json that can be read at ${packageJson}: ${textOf(thrown)}`, thrown);
  }
}

function* exportsOf(found: Json): Iterable<string> {
  if (found.exports === undefined)
    return yield "has no exports: set exports['.'] in package.json, so that only its door can be imported";
  const isModule = found.type === 'module';
  for (const file of targets(doorOf(found.exports)))
    if (!/\.d\.[cm]?ts$/.test(file) && !(file.endsWith('.mjs') || (isModule && file.endsWith('.js'))))
      yield `exports ${file}, which is no ES module: set "type": "module", or name it .mjs`;
}

/** What `import 'package'` can give. */
function doorOf(exports: unknown): unknown {
  const door = objectOf(exports)['.'];
  const { require: _, ...others } = objectOf(door ?? exports);
  return typeof (door ?? exports) === 'string' ? (door ?? exports) : others;
}

function targets(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(objectOf(value)).flatMap(targets);
}
