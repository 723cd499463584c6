import type { Holder } from '../frame/frame.js';
import { bothClosed } from './link-step.js';
import type { Rules, SessionEffect, SessionEvent, SessionState, Stall, Step } from './state.js';
import { alive, ended, type LivingState, linkSilentSince, recovered, timingsOf } from './step.js';

type Pulsing = LivingState & { readonly pulse: NonNullable<LivingState['pulse']> };

export const hasPulse = (state: SessionState, pulse: number): state is Pulsing =>
  (state.name === 'attached' || state.name === 'detached') &&
  state.pulse?.open === true &&
  state.pulse.number === pulse;

/** A pulse opens, and is a sign of life. The link is measured by it from now on. */
export function openPulse(
  before: LivingState,
  { at, pulse }: { readonly at: number; readonly pulse: number },
  rules: Rules,
): Step {
  const effects: SessionEffect[] = [];
  if (before.pulse?.open) effects.push({ do: 'drop-pulse', pulse: before.pulse.number, cause: 'replaced' });
  const state = {
    ...before,
    heardAt: at,
    excusedAt: excusedAt(before, at, rules),
    pulse: { number: pulse, open: true, heardAt: at },
  };
  const { verdict } = before;
  if (verdict.grade !== 'suspect') return { state, effects };
  if (verdict.of === 'process')
    return { state: { ...state, verdict: alive }, effects: [...effects, recovered(before, at, 'heard')] };
  // What was said over the pulse before may never have arrived.
  return { state, effects: [...effects, { do: 'redial', pulse }] };
}

/** A beat came over the pulse. */
export function pulsed(
  before: Pulsing,
  event: Extract<SessionEvent, { readonly type: 'pulsed' }>,
  rules: Rules,
): Step {
  const { at, stillMs, holders } = event;
  const { timing } = rules;
  const state = {
    ...before,
    heardAt: at,
    excusedAt: stillMs > timing.intervalMs ? at : excusedAt(before, at, rules),
    pulse: { ...before.pulse, heardAt: at },
  };
  if (stillMs >= timing.stalledAfterMs) return stalled(before, state, at, stillMs, holders, rules);
  const { verdict } = before;
  if (verdict.grade === 'stalled')
    return {
      state: { ...state, verdict: alive },
      effects: [turning(before, at, event, timing.stalledAfterMs)],
    };
  // A link that does not come back is not excused by a pulse that beats.
  if (verdict.grade === 'alive' || verdict.of === 'link') return { state, effects: [] };
  return { state: { ...state, verdict: alive }, effects: [recovered(before, at, 'heard')] };
}

/** While its link lives, a pulse that closes says nothing of the process. */
export function unpulse(
  before: Pulsing,
  { at, cause }: { readonly at: number; readonly cause: string },
): Step {
  const state = { ...before, pulse: { ...before.pulse, open: false } };
  return state.name === 'attached' ? { state, effects: [] } : bothClosed(state, at, cause);
}

function stalled(
  before: Pulsing,
  state: Pulsing,
  at: number,
  stillMs: number,
  holders: readonly Holder[],
  { stallLimit }: Rules,
): Step {
  const earlier = before.verdict.grade === 'stalled' ? before.verdict.stall : undefined;
  const overLimit = stallLimit !== undefined && stillMs >= stallLimit.ms;
  const stall: Stall = {
    since: Math.min(earlier?.since ?? at, at - stillMs),
    by: holders,
    overLimit: overLimit || earlier?.overLimit === true,
  };
  const timings = { ...timingsOf(before, at), stillMs, by: holders };
  const next: Pulsing = { ...state, verdict: { grade: 'stalled', stall } };
  const effects: SessionEffect[] = [];
  if (!earlier) effects.push({ do: 'grade', grade: 'stalled', cause: 'stalled', timings });
  if (!overLimit || earlier?.overLimit) return { state: next, effects };
  if (stallLimit?.act === 'fence') return ended(next, 'stalled', at, timings, effects);
  return { state: next, effects: [...effects, { do: 'stall-limit', timings }] };
}

/** The loop turns again. For how long it had not, its lateness says best; else it is measured up to this beat. */
function turning(
  before: Pulsing,
  at: number,
  { stillMs, delayMs }: { readonly stillMs: number; readonly delayMs: number },
  stalledAfterMs: number,
): SessionEffect {
  const timings = timingsOf(before, at);
  const heldMs = Math.max(0, timings.stillMs - stillMs);
  const told = delayMs >= stalledAfterMs && delayMs <= heldMs;
  return {
    do: 'grade',
    grade: 'alive',
    cause: 'ticking',
    timings: { ...timings, stillMs: told ? delayMs : heldMs },
  };
}

/**
 * The silence of a link counts while the pulse is on time. What held up the pulse by more than an interval may have held
 * up the link as well, and what came with it is read next.
 */
function excusedAt(before: LivingState, at: number, { timing }: Rules): number {
  if (before.pulse === undefined) return at;
  const lateMs = at - before.pulse.heardAt - timing.intervalMs;
  return lateMs > timing.intervalMs ? Math.min(at, linkSilentSince(before) + lateMs) : before.excusedAt;
}
