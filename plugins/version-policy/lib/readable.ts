import type { Greeting, Objection } from './policy.js';
import { isMissing, unreadableText, type Version } from './version.js';

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
export function hubVersion({ hub }: Greeting): Version | Objection {
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
