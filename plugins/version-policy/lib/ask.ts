import type { Greeting, Policy, Verdict } from './policy.js';
import { cut, textOf, told } from './text.js';

/** Longest text of a verdict in characters: it travels to the worker, and a policy may quote what the worker sent. */
const longestText = 4_096;

/** The verdict of a policy, read once and checked. Rejects, with the policy's name, if there is none. */
export async function ask(policy: Policy, greeting: Greeting): Promise<Verdict> {
  try {
    const given: unknown = await policy.judge(greeting);
    const verdict = read(given);
    if (verdict) return verdict;
    throw new Error(
      `gave ${told(given)}, which is no verdict: return { verdict: 'admit' }, { verdict: 'object', reason } or { verdict: 'abstain' }`,
    );
  } catch (thrown) {
    throw new Error(cut(`policy ${policy.name}: ${textOf(thrown)}`, longestText), { cause: thrown });
  }
}

function read(given: unknown): Verdict | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { verdict, reasons = [], reason, remedy, retryable } = given as Record<string, unknown>;
  if (verdict === 'admit' || verdict === 'abstain')
    return areTexts(reasons) ? { verdict, reasons: reasons.map(short) } : undefined;
  if (verdict !== 'object' || typeof reason !== 'string') return undefined;
  if (remedy !== undefined && typeof remedy !== 'string') return undefined;
  if (retryable !== undefined && typeof retryable !== 'boolean') return undefined;
  return {
    verdict,
    reason: short(reason),
    ...(remedy === undefined ? {} : { remedy: short(remedy) }),
    ...(retryable === undefined ? {} : { retryable }),
  };
}

const short = (text: string): string => cut(text, longestText);

const areTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');
