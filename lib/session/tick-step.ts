import type { BeatTiming } from '../frame/frame.js';
import { bothClosed, detach } from './link-step.js';
import type { Rules, SessionEffect, SessionState, Step, Verdict } from './state.js';
import { ended, type LivingState, linkSilentSince, suspected } from './step.js';

type Attached = Extract<SessionState, { name: 'attached' }>;

/** A late tick is our own stall: it moves the deadlines by its length, and what came in meanwhile is read first. */
export function tick(before: LivingState, at: number, { role, timing, ...rules }: Rules): Step {
  const lateMs = Math.max(0, at - before.tickDueAt);
  const stallMs = lateMs > timing.intervalMs ? lateMs : 0;
  const state = { ...moved(before, stallMs, at), tickDueAt: at + timing.intervalMs };
  const effects: SessionEffect[] = [];
  if (stallMs > 0) effects.push({ do: 'stalled-ourselves', lateMs });
  const pulsing = state.pulse?.open === true;
  if (at - state.heardAt >= timing.lostAfterMs) {
    if (role === 'hub') return ended(state, 'lost', at, undefined, effects);
    if (state.name === 'attached') return redial(state, at, effects);
  }
  const { verdict } = state;
  const cut = pulsing && verdict.grade === 'suspect' && verdict.of === 'link';
  if (cut && at - linkSilentSince(state) >= timing.lostAfterMs)
    return ended(state, 'link', at, undefined, effects);
  // What came in since the tick was due may not have been read: the silence before it makes suspect, and no other.
  const provenAt = Math.min(at, before.tickDueAt);
  const judged = state.verdict.grade !== 'suspect' && (state.name === 'attached' || pulsing);
  const processIsSilent =
    judged && provenAt - before.heardAt >= (rules.suspectAfterMs ?? timing.suspectAfterMs);
  if (judged && !processIsSilent && isLinkSilent(before, provenAt, timing))
    return withoutPulse(cutOff(state, at, effects), at, timing.lostAfterMs);
  if (state.name === 'attached') effects.push({ do: 'beat', lateMs });
  if (!processIsSilent) return withoutPulse({ state, effects }, at, timing.lostAfterMs);
  effects.push(suspected(state, at, 'silent'));
  return withoutPulse(
    { state: { ...state, verdict: { grade: 'suspect', of: 'process' } }, effects },
    at,
    timing.lostAfterMs,
  );
}

/**
 * Whether its link is silent, and nothing else is: the pulse went on beating after the link had fallen silent. Two
 * intervals, since what stops the whole process stops one a little before the other.
 */
function isLinkSilent(state: LivingState, at: number, { suspectAfterMs, intervalMs }: BeatTiming): boolean {
  const { pulse } = state;
  const since = linkSilentSince(state);
  const shownMs = Math.max(suspectAfterMs - intervalMs, Math.min(suspectAfterMs, 2 * intervalMs));
  return pulse?.open === true && at - since >= suspectAfterMs && pulse.heardAt - since >= shownMs;
}

/** We were held up for so long: nothing of what we waited for meanwhile counts. */
function moved(state: LivingState, stallMs: number, at: number): LivingState {
  if (stallMs === 0) return state;
  const later = (time: number) => Math.min(at, time + stallMs);
  const { verdict, pulse } = state;
  return {
    ...state,
    heardAt: later(state.heardAt),
    linkAt: later(state.linkAt),
    excusedAt: later(state.excusedAt),
    verdict: verdict.grade === 'stalled' ? movedStall(verdict, later) : verdict,
    pulse: pulse && { ...pulse, heardAt: later(pulse.heardAt) },
  };
}

const movedStall = (
  { grade, stall }: Extract<Verdict, { grade: 'stalled' }>,
  later: (time: number) => number,
): Verdict => ({ grade, stall: { ...stall, since: later(stall.since) } });

/** The process lives and its link does not: it is to make another. */
function cutOff(state: LivingState, at: number, before: readonly SessionEffect[]): Step {
  const effects = [...before];
  if (state.name === 'attached') effects.push({ do: 'drop-link', link: state.link, cause: 'link' });
  if (state.pulse) effects.push({ do: 'redial', pulse: state.pulse.number });
  effects.push(suspected(state, at, 'link'));
  const { state: next } = state.name === 'attached' ? detach(state, { at, cause: 'link' }) : { state };
  return { state: { ...(next as LivingState), verdict: { grade: 'suspect', of: 'link' } }, effects };
}

/** A pulse that has brought nothing for so long is let go of: the worker dials another. */
function withoutPulse(step: Step, at: number, lostAfterMs: number): Step {
  const state = step.state as LivingState;
  const { pulse } = state;
  if (!pulse?.open || at - pulse.heardAt < lostAfterMs) return step;
  const dropped: SessionEffect = { do: 'drop-pulse', pulse: pulse.number, cause: 'silent' };
  const closed = { ...state, pulse: { ...pulse, open: false } };
  const next = closed.name === 'attached' ? { state: closed, effects: [] } : bothClosed(closed, at, 'silent');
  return { state: next.state, effects: [...step.effects, dropped, ...next.effects] };
}

/** A worker gives the link up, and dials again. */
function redial(state: Attached, at: number, effects: readonly SessionEffect[]): Step {
  const next = detach(state, { at, cause: 'silent' });
  return {
    state: next.state,
    effects: [...effects, { do: 'drop-link', link: state.link, cause: 'silent' }, ...next.effects],
  };
}
