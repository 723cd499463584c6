import type { Rules, SessionEffect, SessionState, Step } from './state.js';
import { alive, isLiving, type LivingState, recovered, suspected } from './step.js';

type Attached = Extract<SessionState, { name: 'attached' }>;

export function attach(
  state: Exclude<SessionState, { name: 'ended' }>,
  { at, link }: { readonly at: number; readonly link: number },
  { timing }: Rules,
): Step {
  const effects: SessionEffect[] = [];
  if (state.name === 'attached') effects.push({ do: 'drop-link', link: state.link, cause: 'replaced' });
  // Who greets has a loop that turns.
  if (isLiving(state) && state.verdict.grade !== 'alive') effects.push(recovered(state, at, 'attached'));
  return {
    state: {
      name: 'attached',
      link,
      heardAt: at,
      linkAt: at,
      excusedAt: at,
      tickDueAt: at + timing.intervalMs,
      verdict: alive,
      draining: false,
      pulse: isLiving(state) ? state.pulse : undefined,
    },
    effects,
  };
}

/** Something came over the link. That a loop stands still, a pulse knows better: what comes may have left before. */
export function heard(before: LivingState, at: number, { timing }: Rules): Step {
  const state = { ...before, heardAt: at, linkAt: at };
  const { verdict, pulse } = before;
  if (verdict.grade === 'alive') return { state, effects: [] };
  const told = pulse?.open === true && at - pulse.heardAt < timing.suspectAfterMs;
  if (verdict.grade === 'stalled' && told) return { state, effects: [] };
  return { state: { ...state, verdict: alive }, effects: [recovered(before, at, 'heard')] };
}

/** While the pulse beats, a link that closes says nothing of the process: it may be back at once. */
export function detach(
  before: Attached,
  { at, cause }: { readonly at: number; readonly cause: string },
): Step {
  const { name: _, link, ...living } = before;
  const state = { ...living, name: 'detached' as const, since: at };
  return before.pulse?.open ? { state, effects: [] } : bothClosed(state, at, cause);
}

/** Neither link nor pulse is left. */
export function bothClosed(state: LivingState, at: number, cause: string): Step {
  if (state.verdict.grade === 'suspect') return { state, effects: [] };
  return {
    state: { ...state, verdict: { grade: 'suspect', of: 'process' } },
    effects: [suspected(state, at, cause)],
  };
}
