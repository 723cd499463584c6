import semver from 'semver';
import { BusError } from '../errors/bus-error.js';
import type { Hello } from '../frame/frame.js';
import type { LocalProfile, Negotiate } from './negotiate.js';
import { shown } from './shown.js';

/** What a peer that names neither protocol nor features may have on its way, each way. */
export const baselineUnanswered = 16;

/**
 * The default: whoever speaks our protocol comes in, and whatever had to be overlooked is said. Features follow from
 * protocol and feature list alone; the application's version is only reported.
 */
export const lenient: Negotiate = async (hello, { hub }) => {
  const reasons = [...versionReasons(hello)];
  if (!hello.worker) reasons.push('names no id: the hub chose one');
  const protocol = commonProtocol(hello, hub, reasons);
  const features = protocol === 0 ? [] : hub.features.filter((feature) => hello.features.includes(feature));
  const baseline = !features.includes('credit');
  if (baseline) {
    reasons.push(
      `names no ${protocol === 0 ? 'protocol' : "feature 'credit'"}: baseline profile, at most ` +
        `${baselineUnanswered} unanswered messages each way, nothing is resumed after a lost link`,
    );
  }
  requireAll(hello.requires, features, 'the worker', 'the hub', hub);
  requireAll(hub.requires, features, 'the hub', 'the worker', hub);
  return {
    protocol,
    features,
    limits: {
      maxPayloadBytes: Math.min(hub.maxPayloadBytes, hello.maxPayloadBytes || hub.maxPayloadBytes),
      maxUnanswered: baseline ? baselineUnanswered : Number.POSITIVE_INFINITY,
    },
    degraded: reasons.length > 0,
    reasons,
  };
};

function* versionReasons({ version }: Hello): Iterable<string> {
  if (version === undefined || version.trim() === '') yield 'names no application version';
  else if (version.length > 256) yield 'its application version is longer than 256 characters';
  else if (semver.valid(version) === null)
    yield `its application version ${JSON.stringify(version)} is not a semantic version`;
}

function commonProtocol(hello: Hello, hub: LocalProfile, reasons: string[]): number {
  const min = hello.protocolMin ?? hello.protocolMax;
  const max = hello.protocolMax ?? hello.protocolMin;
  if (min === undefined || max === undefined) return 0;
  if (hello.protocolMin === undefined || hello.protocolMax === undefined)
    reasons.push('names only one end of its protocol range');
  const common = Math.min(max, hub.protocolMax);
  if (common >= Math.max(min, hub.protocolMin) && min <= max) return common;
  throw new BusError(
    'incompatible',
    `worker '${shown(hello.worker ?? '')}' (SDK ${shown(hello.sdk ?? 'unknown')}) speaks protocol ${min} to ${max}, this hub ` +
      `(SDK ${hub.sdk}) ${hub.protocolMin} to ${hub.protocolMax}: upgrade the ${max < hub.protocolMin ? 'worker' : 'hub'}`,
    {
      details: {
        workerProtocol: `${min} to ${max}`,
        hubProtocol: `${hub.protocolMin} to ${hub.protocolMax}`,
      },
    },
  );
}

function requireAll(
  wanted: readonly string[],
  have: readonly string[],
  who: string,
  whom: string,
  hub: LocalProfile,
) {
  const missing = wanted.filter((feature) => !have.includes(feature));
  if (missing.length === 0) return;
  throw new BusError(
    'incompatible',
    `${who} requires ${shown(missing.join(', '))}, which ${whom} does not offer (the hub's SDK is ${hub.sdk}): ` +
      `upgrade ${whom}, or require less`,
    { details: { missing } },
  );
}
