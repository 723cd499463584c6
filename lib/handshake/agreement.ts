import type { Agreement } from './negotiate.js';

/** What a chain gave, checked like anything that comes from a plugin. May throw, since a getter may. */
export function isAgreement(value: unknown): value is Agreement {
  const agreement = value as Partial<Agreement> | null | undefined;
  return (
    typeof agreement === 'object' &&
    agreement !== null &&
    typeof agreement.protocol === 'number' &&
    agreement.protocol >= 0 &&
    areTexts(agreement.features) &&
    areTexts(agreement.reasons) &&
    isLimit(agreement.limits?.maxPayloadBytes) &&
    isLimit(agreement.limits?.maxUnanswered)
  );
}

const areTexts = (value: unknown) => Array.isArray(value) && value.every((text) => typeof text === 'string');
const isLimit = (value: unknown) => typeof value === 'number' && value > 0;
