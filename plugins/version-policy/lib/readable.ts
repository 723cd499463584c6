import { BusError } from 'drumline/plugin';
import type { Greeting, Objection, Policy } from './policy.js';
import { told } from './text.js';
import { isMissing, namedVersion, unreadableText, type Version } from './version.js';

/** For a policy that compares with the hub's version. */
export interface AsHub {
  /**
   * Judges as a hub of this version would; default: the hub's own. In the shadow it rehearses the next version:
   * `shadow(adjacentMinor({ hub: '2.32.0' }))` on a hub of 2.31.
   */
  readonly hub?: string;
}

/** What a policy says of itself that compares with the hub's version, or another. Throws `invalid-option`. */
export function judgingAs(hub: unknown, policy: string): Pick<Policy, 'needsHub'> {
  if (hub === undefined || namedVersion(hub).parsed !== undefined) return { needsHub: hub === undefined };
  throw new BusError('invalid-option', `${policy}({ hub }) must be a semantic version, not ${told(hub)}`);
}

/** The worker's version, or the objection of a policy that cannot do without. */
export function workerVersion({ worker }: Greeting): Version | Objection {
  if (worker.parsed) return worker.parsed;
  return {
    verdict: 'object',
    reason: isMissing(worker) ? 'the worker names no version' : `the worker's ${unreadableText(worker)}`,
    remedy: 'give createWorker({ version }) a semantic version, such as 2.32.0',
  };
}

/** The hub's version, or the objection of a policy that compares with it. */
export function hubVersion(greeting: Greeting, as: string | undefined): Version | Objection {
  const hub = as === undefined ? greeting.hub : namedVersion(as);
  if (hub.parsed) return hub.parsed;
  return {
    verdict: 'object',
    reason: isMissing(hub)
      ? 'the hub names no version to compare with: createHub({ version }) is missing'
      : `the hub's own ${unreadableText(hub)}`,
    remedy: 'give createHub({ version }) a semantic version, such as 2.32.0',
  };
}

export const isObjection = (value: Version | Objection): value is Objection => 'verdict' in value;
