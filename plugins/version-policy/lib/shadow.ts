import { BusError } from 'drumline/plugin';
import { ask } from './ask.js';
import { checkPolicy, type Greeting, type Policy, type Verdict } from './policy.js';
import { textOf, told } from './text.js';

/** What a policy in the shadow would have done with one greeting. */
export interface Decision {
  /** The name of the policy. */
  readonly policy: string;
  /** A policy that failed, or gave no verdict in time, would have refused: an objection that says so. */
  readonly verdict: Verdict;
  readonly greeting: Greeting;
}

/** Options of `shadow`. */
export interface ShadowOptions {
  /** How long the policy may take, in milliseconds; default 1,000. Keep it below `limits.handshakeTimeoutMs` of the hub. */
  readonly withinMs?: number;
}

/**
 * Tries a policy out: asks it, reports, and enforces nothing. It abstains; what the policy would have refused is a
 * reason, so the worker is marked as degraded, and the `degraded` event and `hub.census()` show it. `report` gets every
 * decision, the admissions too; what it throws changes nothing, and the first failure is a warning of the process. In `firstOf` it stands
 * first: behind a policy that admits, it is not asked. Throws `invalid-option`.
 */
export function shadow(
  policy: Policy,
  report?: (decision: Decision) => unknown,
  { withinMs = 1_000 }: ShadowOptions = {},
): Policy {
  checkPolicy(policy, 'the policy of shadow()');
  if (report !== undefined && typeof report !== 'function')
    throw new BusError('invalid-option', `the report of shadow() must be a function, not ${told(report)}`);
  if (typeof withinMs !== 'number' || !(withinMs > 0 && withinMs < 2 ** 31))
    throw new BusError(
      'invalid-option',
      `shadow({ withinMs }) must be a positive number of milliseconds, not ${told(withinMs)}`,
    );
  const name = `shadow(${policy.name})`;
  let warned = false;
  const failed = (thrown: unknown) => {
    if (warned) return;
    warned = true;
    process.emitWarning(`the report of ${name} failed: ${textOf(thrown)}`, '@drumline/version-policy');
  };
  return {
    name,
    needsHub: policy.needsHub ?? false,
    async judge(greeting) {
      const verdict = await tried(policy, greeting, withinMs);
      if (report) tell(report, { policy: policy.name, verdict, greeting }).catch(failed);
      if (verdict.verdict !== 'object') return { verdict: 'abstain' };
      return {
        verdict: 'abstain',
        reasons: [`shadow of ${policy.name}: would have refused: ${verdict.reason}`],
      };
    },
  };
}

/** What enforcing would have come to, within the time. */
async function tried(policy: Policy, greeting: Greeting, withinMs: number): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`policy ${policy.name}: gave no verdict within ${withinMs} ms`)),
      withinMs,
    );
  });
  try {
    return Object.freeze(await Promise.race([ask(policy, greeting), late]));
  } catch (thrown) {
    return Object.freeze({ verdict: 'object', reason: textOf(thrown), retryable: true });
  } finally {
    clearTimeout(timer);
  }
}

/** The report may be an asynchronous function: nobody waits for it. */
async function tell(report: (decision: Decision) => unknown, decision: Decision): Promise<void> {
  await report(decision);
}
