import { BusError, type Hello } from 'drumline/plugin';
import { told } from './text.js';
import { type NamedVersion, namedVersion } from './version.js';

/** What a policy judges: a worker that asks to be let in. */
export interface Greeting {
  /** The id that the worker claims, not checked yet; `undefined` if it names none. */
  readonly id: string | undefined;
  /** The worker's version. */
  readonly worker: NamedVersion;
  /** The hub's version: that of `createHub({ version })`. */
  readonly hub: NamedVersion;
  /** What the policies that stand before this one in `firstOf` objected to, each with the policy's name in front. */
  readonly objections: readonly string[];
  /** The whole greeting: labels, application, SDK version. Nothing in it is proved. */
  readonly hello: Hello;
}

/** Lets the worker in. `reasons` say in words what had to be overlooked, and mark the worker as degraded. */
export interface Admission {
  readonly verdict: 'admit';
  readonly reasons?: readonly string[];
}

/** Says no. `reason` is what is wrong, `remedy` what to do about it; both go to the worker. */
export interface Objection {
  readonly verdict: 'object';
  readonly reason: string;
  readonly remedy?: string;
  /** Whether the worker dials again by itself; default: as `versionPolicy` was told. */
  readonly retryable?: boolean;
}

/** Has no opinion: the next policy decides, and the worker is let in if nobody objects. `reasons` as of an admission. */
export interface Abstention {
  readonly verdict: 'abstain';
  readonly reasons?: readonly string[];
}

/** What a policy says about one greeting. */
export type Verdict = Admission | Objection | Abstention;

/**
 * Decides on one greeting, from what it says alone. One that throws, or gives something else than a verdict, costs that
 * one worker its admission; one that never answers is ended by the hub's `limits.handshakeTimeoutMs`. It is asked at
 * each greeting, so also when a worker comes back after its link was lost.
 */
export interface Policy {
  /** For texts: `exact()`, `canary`. */
  readonly name: string;
  /** Whether it needs the version of `createHub({ version })`; a hub that names none does not start then. Default false. */
  readonly needsHub?: boolean;
  judge(greeting: Greeting): Verdict | Promise<Verdict>;
}

/** A greeting as the plugin makes it; to try a policy without a hub, give what matters: `greetingOf({ version: '2.31.0' }, '2.32.0')`. */
export function greetingOf(hello: Partial<Hello>, hubVersion?: string): Greeting {
  return Object.freeze({
    id: typeof hello.worker === 'string' && hello.worker !== '' ? hello.worker : undefined,
    worker: namedVersion(hello.version),
    hub: namedVersion(hubVersion),
    objections: [],
    hello: { ...nobody, ...hello },
  });
}

const nobody: Hello = { kind: 'hello', labels: {}, handles: [], features: [], requires: [], extra: {} };

/** Throws `invalid-option` for what is no policy. */
export function checkPolicy(value: unknown, where: string): asserts value is Policy {
  const { name, judge } = (value ?? {}) as Partial<Policy>;
  if (typeof name === 'string' && name.trim() !== '' && typeof judge === 'function') return;
  const hint = typeof value === 'function' ? ': call it to get the policy' : '';
  throw new BusError(
    'invalid-option',
    `${where} must be a policy, { name, judge(greeting) }, not ${told(value)}${hint}`,
  );
}
