import { BusError } from 'drumline/plugin';
import semver from 'semver';
import type { Policy } from './policy.js';
import { isObjection, workerVersion } from './readable.js';
import { told } from './text.js';
import type { Version } from './version.js';

/**
 * The versions of a semver range, such as `^2.30` or `>=2.30 <2.33 || 3.0.x`. A prerelease passes where its release
 * would; the hub's own version does not matter. Objects to a missing or odd version of the worker. Throws
 * `invalid-option` for what is no range, and for a blank one, which `semver` takes for any version.
 */
export function range(versions: string): Policy {
  const name = `range(${told(versions)})`;
  const parsed = parse(versions);
  if (parsed === undefined)
    throw new BusError(
      'invalid-option',
      `${name}: that is no semver range: write it like '^2.30', or '*' for every version`,
    );
  return {
    name,
    judge(greeting) {
      const worker = workerVersion(greeting);
      if (isObjection(worker)) return worker;
      if (parsed.test(worker.text) || parsed.test(release(worker))) return { verdict: 'admit' };
      return {
        verdict: 'object',
        reason: `${worker.text} is not in ${versions.trim()}`,
        remedy: `run the worker at a version in ${versions.trim()}`,
      };
    },
  };
}

function parse(versions: unknown): semver.Range | undefined {
  if (typeof versions !== 'string' || versions.trim() === '') return undefined;
  try {
    return new semver.Range(versions);
  } catch {
    return undefined;
  }
}

const release = ({ major, minor, patch }: Version): string => `${major}.${minor}.${patch}`;
