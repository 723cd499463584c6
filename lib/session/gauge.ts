import type { Session } from './session.js';
import type { SessionState } from './state.js';

/** The grade of a session's peer. `undefined` before its first link. */
export function livenessOf(
  state: SessionState,
): 'alive' | 'stalled' | 'suspect' | 'draining' | 'lost' | 'left' | undefined {
  if (state.name === 'idle') return undefined;
  if (state.name === 'ended') return state.cause === 'left' || state.cause === 'closed' ? 'left' : 'lost';
  const { grade } = state.verdict;
  return grade === 'alive' && state.draining ? 'draining' : grade;
}

/** What a session holds, in numbers. Counts nothing: every number is kept anyway. */
export const gaugeOf = ({ state, inbound, outbound, outbox }: Session) => ({
  liveness: livenessOf(state),
  queuedBytes: inbound.queuedBytes,
  outbox: {
    queued: outbox.queued,
    queuedBytes: outbox.queuedBytes,
    unacknowledged: outbox.unacked,
    waiting: outbound.waiting,
    owed: outbox.owed.messages,
    owedBytes: outbox.owed.bytes,
  },
  credit: { granted: inbound.granted, held: outbound.held },
});
