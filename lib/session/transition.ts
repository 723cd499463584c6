import type { Rules, SessionEffect, SessionEvent, SessionState, Step } from './state.js';

type Attached = Extract<SessionState, { name: 'attached' }>;
type Detached = Extract<SessionState, { name: 'detached' }>;

/**
 * The session as a pure function: no timer, no socket. A pair of state and event that is not in the table below
 * changes nothing: late news of a link that was replaced, or of a session that is over.
 *
 * | state    | attach     | heard     | draining | tick                          | detach    | end   |
 * | -------- | ---------- | --------- | -------- | ----------------------------- | --------- | ----- |
 * | idle     | attached   |           |          |                               |           | ended |
 * | attached | attached ¹ | alive ²   | draining | beat; silent: suspect, lost ³ | detached  | ended |
 * | detached | attached   |           |          | silent: lost ³                |           | ended |
 * | ended    |            |           |          |                               |           |       |
 *
 * ¹ the link before is dropped. ² on the session's own link only. ³ by the hub; a worker drops the link to dial again.
 */
export function transition(state: SessionState, event: SessionEvent, rules: Rules): Step {
  switch (event.type) {
    case 'attach':
      return state.name === 'ended' ? stay(state) : attach(state, event, rules);
    case 'heard':
      return owns(state, event.link) ? heard(state, event.at) : stay(state);
    case 'draining':
      return owns(state, event.link) ? { state: { ...state, draining: true }, effects: [] } : stay(state);
    case 'detach':
      return owns(state, event.link) ? detach(state, event.at, event.cause) : stay(state);
    case 'tick':
      return state.name === 'attached' || state.name === 'detached'
        ? tick(state, event.at, rules)
        : stay(state);
    case 'end':
      return state.name === 'ended' ? stay(state) : end(state, event.cause, 0);
  }
}

const stay = (state: SessionState): Step => ({ state, effects: [] });
const owns = (state: SessionState, link: number): state is Attached =>
  state.name === 'attached' && state.link === link;

function attach(
  state: Exclude<SessionState, { name: 'ended' }>,
  { at, link }: { at: number; link: number },
  { timing }: Rules,
): Step {
  const effects: SessionEffect[] = [];
  if (state.name === 'attached') effects.push({ do: 'drop-link', link: state.link, cause: 'replaced' });
  if (state.name !== 'idle' && state.grade === 'suspect')
    effects.push({ do: 'grade', grade: 'alive', cause: 'attached', silentMs: at - state.heardAt });
  return {
    state: {
      name: 'attached',
      link,
      heardAt: at,
      tickDueAt: at + timing.intervalMs,
      grade: 'alive',
      draining: false,
    },
    effects,
  };
}

function heard(state: Attached, at: number): Step {
  if (state.grade === 'alive') return { state: { ...state, heardAt: at }, effects: [] };
  return {
    state: { ...state, heardAt: at, grade: 'alive' },
    effects: [{ do: 'grade', grade: 'alive', cause: 'heard', silentMs: at - state.heardAt }],
  };
}

function detach(state: Attached, at: number, cause: string): Step {
  const { heardAt, tickDueAt, grade, draining } = state;
  return {
    state: { name: 'detached', since: at, heardAt, tickDueAt, grade: 'suspect', draining },
    effects: grade === 'suspect' ? [] : [{ do: 'grade', grade: 'suspect', cause, silentMs: at - heardAt }],
  };
}

/** A late tick is our own stall: it moves the deadlines by its length, and what came in meanwhile is read first. */
function tick(before: Attached | Detached, at: number, { role, timing }: Rules): Step {
  const lateMs = Math.max(0, at - before.tickDueAt);
  const stall = lateMs > timing.intervalMs ? lateMs : 0;
  const state = {
    ...before,
    heardAt: Math.min(at, before.heardAt + stall),
    tickDueAt: at + timing.intervalMs,
  };
  const silentMs = at - state.heardAt;
  const effects: SessionEffect[] = [];
  if (stall > 0) effects.push({ do: 'stalled-ourselves', lateMs });
  if (silentMs >= timing.lostAfterMs) {
    if (role === 'hub') return end(state, 'lost', silentMs, effects);
    if (state.name === 'attached') return redial(state, at, effects);
  }
  if (state.name === 'detached') return { state, effects };
  effects.push({ do: 'beat', lateMs });
  // What came in since the tick was due may not have been read: the silence before it makes suspect, and no other.
  const provenMs = Math.min(at, before.tickDueAt) - before.heardAt;
  if (provenMs < timing.suspectAfterMs || state.grade === 'suspect') return { state, effects };
  effects.push({ do: 'grade', grade: 'suspect', cause: 'silent', silentMs });
  return { state: { ...state, grade: 'suspect' }, effects };
}

function redial(state: Attached, at: number, effects: readonly SessionEffect[]): Step {
  const next = detach(state, at, 'silent');
  return {
    state: next.state,
    effects: [...effects, { do: 'drop-link', link: state.link, cause: 'silent' }, ...next.effects],
  };
}

function end(
  state: SessionState,
  cause: Extract<SessionEvent, { type: 'end' }>['cause'],
  silentMs: number,
  before: readonly SessionEffect[] = [],
): Step {
  const effects: SessionEffect[] = [...before];
  if (state.name === 'attached') effects.push({ do: 'drop-link', link: state.link, cause });
  effects.push({ do: 'end', cause, silentMs });
  return { state: { name: 'ended', cause }, effects };
}
