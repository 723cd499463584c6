import type { Policy } from './policy.js';
import { type AsHub, hubVersion, isObjection, judgingAs, workerVersion } from './readable.js';
import { quoted } from './text.js';

/**
 * The hub's own version and no other. Build metadata does not count, a prerelease does: 2.31.0-rc.1 is not 2.31.0.
 * Objects to a missing or odd version, of the worker or of the hub. Throws `invalid-option` for a `hub` that is no
 * semantic version.
 */
export const exact = ({ hub: as }: AsHub = {}): Policy => ({
  name: as === undefined ? 'exact()' : `exact({ hub: ${quoted(as)} })`,
  ...judgingAs(as, 'exact'),
  judge(greeting) {
    const hub = hubVersion(greeting, as);
    if (isObjection(hub)) return hub;
    const worker = workerVersion(greeting);
    if (isObjection(worker)) return worker;
    if (worker.text === hub.text) return { verdict: 'admit' };
    return {
      verdict: 'object',
      reason: `${worker.text} is not the hub's ${hub.text}`,
      remedy: `run the worker at ${hub.text}`,
    };
  },
});
