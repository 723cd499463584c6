import {
  type Agreement,
  BusError,
  definePlugin,
  type HandshakeMiddleware,
  type Plugin,
} from 'drumline/plugin';
import { ask } from './ask.js';
import { checkPolicy, type Greeting, greetingOf, type Objection, type Policy } from './policy.js';
import { cut, quoted, told } from './text.js';
import { described, namedVersion } from './version.js';

/** Options of `versionPolicy`. */
export interface VersionPolicyOptions {
  /**
   * Whether refused workers dial again by themselves, where an objection does not say it; default false. Set it where
   * the hub may change back to a version that suits them.
   */
  readonly retryable?: boolean;
}

/**
 * The plugin: asks the policy about each greeting, before any other part of the handshake that comes after this plugin.
 * An objection becomes the refusal `incompatible`, whose details are `policy` and, where they are named, the versions
 * `worker` and `hub`; anything else goes on as if the plugin were not there, and reasons join those of the agreement.
 * One per hub: several policies are joined by `firstOf`. Throws `invalid-option` for what is no policy.
 */
export const versionPolicy = definePlugin(
  (policy: Policy, { retryable = false }: VersionPolicyOptions = {}): Plugin => {
    checkPolicy(policy, 'the policy of versionPolicy()');
    if (typeof retryable !== 'boolean')
      throw new BusError(
        'invalid-option',
        `versionPolicy({ retryable }) must be true or false, not ${told(retryable)}`,
      );
    return {
      manifest: {
        name: '@drumline/version-policy',
        version: '0.1.0',
        engines: { drumline: '^0.1.0' },
        roles: ['hub'],
      },
      contributes: { handshake: [enforcing(policy, retryable)] },
      start({ version }) {
        if (!policy.needsHub || namedVersion(version).parsed !== undefined) return;
        throw new BusError(
          'plugin',
          `the policy ${policy.name} compares with the hub's version, and this hub names ${version === undefined ? 'none' : quoted(version)}: set createHub({ version: '1.2.3' })`,
        );
      },
    };
  },
);

const enforcing =
  (policy: Policy, retryable: boolean): HandshakeMiddleware =>
  (next) =>
  async (hello, context) => {
    const greeting = greetingOf(hello, context.hub.version);
    const verdict = await ask(policy, greeting);
    if (verdict.verdict === 'object') throw refusal(policy, greeting, { retryable, ...verdict });
    return reasoned(await next(hello, context), verdict.reasons ?? []);
  };

const reasoned = (agreement: Agreement, reasons: readonly string[]): Agreement =>
  reasons.length === 0
    ? agreement
    : { ...agreement, degraded: true, reasons: [...agreement.reasons, ...reasons] };

function refusal(
  { name }: Policy,
  { id, worker, hub }: Greeting,
  { reason, remedy = 'change the version of the worker, or the policy of the hub', retryable }: Objection,
): BusError {
  const who = id === undefined ? 'a worker without an id' : `worker ${quoted(id)}`;
  const text = `${who} (${described(worker)}) is refused by this hub (${described(hub)}) under the policy ${name}: ${reason}: ${remedy}`;
  return new BusError('incompatible', text, {
    retryable: retryable === true,
    details: { policy: name, ...detail('worker', worker.text), ...detail('hub', hub.text) },
  });
}

const detail = (side: 'worker' | 'hub', text: string | undefined) =>
  text === undefined ? {} : { [side]: cut(text, 256) };
