import { BusError } from 'drumline/plugin';
import type { Policy, Verdict } from './policy.js';
import { type AsHub, hubVersion, isObjection, judgingAs, workerVersion } from './readable.js';
import { quoted, told } from './text.js';
import type { Version } from './version.js';

/** How far a worker's minor version may be from the hub's, each way; whole numbers. */
export interface MinorSkew extends AsHub {
  /** Below the hub's; default 1, since the hub is upgraded first and its workers follow. */
  readonly older?: number;
  /** Above the hub's; default 0. Give room here before the hub goes back to an older version. */
  readonly newer?: number;
}

/**
 * The hub's major version, and a minor version near the hub's. The patch does not count, and a prerelease counts as its
 * minor: 2.31.0-rc.1 is a 2.31. Objects to a missing or odd version, of the worker or of the hub. Throws
 * `invalid-option` for anything but whole numbers from 0.
 */
export function adjacentMinor({ older = 1, newer = 0, hub: as }: MinorSkew = {}): Policy {
  for (const [option, value] of Object.entries({ older, newer }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new BusError(
        'invalid-option',
        `adjacentMinor({ ${option} }) must be a whole number of minor versions from 0, not ${told(value)}`,
      );
  return {
    name: `adjacentMinor({ older: ${older}, newer: ${newer}${as === undefined ? '' : `, hub: ${quoted(as)}`} })`,
    ...judgingAs(as, 'adjacentMinor'),
    judge(greeting) {
      const hub = hubVersion(greeting, as);
      if (isObjection(hub)) return hub;
      const worker = workerVersion(greeting);
      if (isObjection(worker)) return worker;
      return compared(worker, hub, older, newer);
    },
  };
}

function compared(worker: Version, hub: Version, older: number, newer: number): Verdict {
  const { major } = hub;
  const lowest = Math.max(0, hub.minor - older);
  const highest = hub.minor + newer;
  const served =
    lowest === highest ? `at ${major}.${highest}` : `from ${major}.${lowest} to ${major}.${highest}`;
  const remedy = `run the worker ${served}`;
  if (worker.major !== major)
    return { verdict: 'object', reason: `its major version is ${worker.major}, the hub's ${major}`, remedy };
  const skew = worker.minor - hub.minor;
  if (-skew > older) return { verdict: 'object', reason: far(-skew, 'older', older), remedy };
  if (skew > newer)
    return {
      verdict: 'object',
      reason: far(skew, 'newer', newer),
      remedy: `upgrade the hub first, or ${remedy}`,
    };
  return { verdict: 'admit' };
}

const far = (skew: number, direction: string, most: number): string =>
  `it is ${skew} minor version${skew === 1 ? '' : 's'} ${direction} than the hub, and ${most === 0 ? 'none' : `at most ${most}`} is let in`;
