import type { Policy } from './policy.js';

/**
 * Lets a worker in whose version is missing or odd (the hub itself reports that as a reason), and has no opinion on
 * those that can be read: `firstOf(adjacentMinor(), unreadable())` tolerates the unknown and refuses the known bad.
 */
export const unreadable = (): Policy => ({
  name: 'unreadable()',
  judge: ({ worker }) => ({ verdict: worker.parsed ? 'abstain' : 'admit' }),
});
