// What the parts of the state machine have in common.
import type { Holder } from '../frame/frame.js';
import type { EndCause, Living, SessionEffect, SessionState, Step, Timings, Verdict } from './state.js';

export type LivingState = Extract<SessionState, { name: 'attached' | 'detached' }>;

export const isLiving = (state: SessionState): state is LivingState =>
  state.name === 'attached' || state.name === 'detached';

export const alive: Verdict = { grade: 'alive' };

/** Since when the link has been silent without an excuse. */
export const linkSilentSince = ({ linkAt, excusedAt }: Living): number => Math.max(linkAt, excusedAt);

const nothingHeld: readonly Holder[] = [];

/** How things stand before the step at hand. */
export function timingsOf({ heardAt, linkAt, verdict }: Living, at: number): Timings {
  const stall = verdict.grade === 'stalled' ? verdict.stall : undefined;
  return {
    silentMs: at - heardAt,
    linkSilentMs: at - linkAt,
    stillMs: stall ? at - stall.since : 0,
    by: stall?.by ?? nothingHeld,
  };
}

/** The peer was `before`, and is alive again. */
export const recovered = (before: Living, at: number, cause: string): SessionEffect => ({
  do: 'grade',
  grade: 'alive',
  cause,
  timings: timingsOf(before, at),
});

export const suspected = (before: Living, at: number, cause: string): SessionEffect => ({
  do: 'grade',
  grade: 'suspect',
  cause,
  timings: timingsOf(before, at),
});

/** It is over: link and pulse go, after the effects so far. */
export function ended(
  state: Exclude<SessionState, { name: 'ended' }>,
  cause: EndCause,
  at: number,
  timings: Timings = isLiving(state) ? timingsOf(state, at) : untimed,
  before: readonly SessionEffect[] = [],
): Step {
  const effects: SessionEffect[] = [...before];
  if (state.name === 'attached') effects.push({ do: 'drop-link', link: state.link, cause });
  if (isLiving(state) && state.pulse?.open)
    effects.push({ do: 'drop-pulse', pulse: state.pulse.number, cause });
  effects.push({ do: 'end', cause, timings });
  return { state: { name: 'ended', cause }, effects };
}

const untimed: Timings = { silentMs: 0, linkSilentMs: 0, stillMs: 0, by: nothingHeld };
