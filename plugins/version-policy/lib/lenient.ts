import type { Policy } from './policy.js';

/**
 * Lets everybody in. As the last of `firstOf` it gives what those before it objected to as reasons, so that the worker
 * is marked as degraded and can be found in `hub.census()`.
 */
export const lenient = (): Policy => ({
  name: 'lenient()',
  judge: ({ objections }) => ({
    verdict: 'admit',
    reasons: objections.map((objection) => `admitted all the same: ${objection}`),
  }),
});
