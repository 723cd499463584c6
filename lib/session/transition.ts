import { attach, detach, heard } from './link-step.js';
import { hasPulse, openPulse, pulsed, unpulse } from './pulse-step.js';
import type { Rules, SessionEvent, SessionState, Step } from './state.js';
import { ended, isLiving } from './step.js';
import { tick } from './tick-step.js';

/**
 * The session as a pure function: no timer, no socket. A pair of state and event that is not in the table below
 * changes nothing: late news of a link or a pulse that was replaced, or of a session that is over.
 *
 * | state    | attach     | heard   | draining | tick                             | detach     | end   |
 * | -------- | ---------- | ------- | -------- | -------------------------------- | ---------- | ----- |
 * | idle     | attached   |         |          |                                  |            | ended |
 * | attached | attached ¹ | alive ² | draining | beat; silent: suspect, lost ³ ⁴  | detached ⁵ | ended |
 * | detached | attached   |         |          | silent: suspect, lost ³ ⁴        |            | ended |
 * | ended    |            |         |          |                                  |            |       |
 *
 * | state    | pulse-attach | pulsed                     | pulse-detach |
 * | -------- | ------------ | -------------------------- | ------------ |
 * | idle     |              |                            |              |
 * | attached | pulse ¹      | alive, stalled, ended ² ⁶  | no pulse     |
 * | detached | pulse ¹      | alive, stalled, ended ² ⁶  | no pulse ⁵   |
 * | ended    |              |                            |              |
 *
 * ¹ the one before is dropped. ² on the session's own link or pulse only. ³ by the hub; a worker drops the link to dial
 * again. ⁴ the process is silent when neither link nor pulse bring anything; while the pulse beats and the loop turns, a
 * silent link makes suspect and lost too: it is dropped, and the worker told to dial again. ⁵ suspect at once where
 * neither link nor pulse is left. ⁶ stalled while the loop stands still; ended where a limit says so.
 */
export function transition(state: SessionState, event: SessionEvent, rules: Rules): Step {
  if (state.name === 'ended') return stay(state);
  if (event.type === 'end') return ended(state, event.cause, event.at);
  if (event.type === 'attach') return attach(state, event, rules);
  if (!isLiving(state)) return stay(state);
  switch (event.type) {
    case 'heard':
      return owns(state, event.link) ? heard(state, event.at, rules) : stay(state);
    case 'draining':
      return owns(state, event.link) ? { state: { ...state, draining: true }, effects: [] } : stay(state);
    case 'detach':
      return state.name === 'attached' && state.link === event.link ? detach(state, event) : stay(state);
    case 'tick':
      return tick(state, event.at, rules);
    case 'pulse-attach':
      return openPulse(state, event, rules);
    case 'pulsed':
      return hasPulse(state, event.pulse) ? pulsed(state, event, rules) : stay(state);
    case 'pulse-detach':
      return hasPulse(state, event.pulse) ? unpulse(state, event) : stay(state);
  }
}

const stay = (state: SessionState): Step => ({ state, effects: [] });
const owns = (state: SessionState, link: number): boolean => state.name === 'attached' && state.link === link;
