import { BusError } from 'drumline/plugin';
import { ask } from './ask.js';
import { checkPolicy, type Objection, type Policy, type Verdict } from './policy.js';

/**
 * The first policy that admits wins, and those after it are not asked. If none admits, all objections together are the
 * refusal, retryable if one of them says so; if all abstain, so does this. Reasons of those that abstained are kept.
 * Throws `invalid-option` for no policy at all, and for what is none.
 */
export function firstOf(...policies: readonly Policy[]): Policy {
  if (policies.length === 0) throw new BusError('invalid-option', 'firstOf() needs at least one policy');
  policies.forEach((policy, index) => {
    checkPolicy(policy, `argument ${index + 1} of firstOf()`);
  });
  return {
    name: `firstOf(${policies.map(({ name }) => name).join(', ')})`,
    needsHub: policies.some(({ needsHub }) => needsHub),
    async judge(greeting) {
      const reasons: string[] = [];
      const raised: Objection[] = [];
      const objections = [...greeting.objections];
      for (const policy of policies) {
        const verdict = await ask(policy, Object.freeze({ ...greeting, objections: [...objections] }));
        if (verdict.verdict === 'object') {
          raised.push(verdict);
          objections.push(`${policy.name}: ${verdict.reason}`);
          continue;
        }
        reasons.push(...(verdict.reasons ?? []));
        if (verdict.verdict === 'admit') return { verdict: 'admit', reasons };
      }
      return raised.length === 0
        ? { verdict: 'abstain', reasons }
        : together(raised, objections.slice(greeting.objections.length));
    },
  };
}

function together(raised: readonly Objection[], texts: readonly string[]): Verdict {
  const remedies = new Set(raised.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])));
  const said = raised.flatMap(({ retryable }) => (retryable === undefined ? [] : [retryable]));
  return {
    verdict: 'object',
    reason: texts.join('; '),
    ...(remedies.size === 0 ? {} : { remedy: [...remedies].join(', or ') }),
    ...(said.length === 0 ? {} : { retryable: said.includes(true) }),
  };
}
