import type { BusError } from '../errors/bus-error.js';
import type { SessionHost } from '../session/terms.js';
import type { EmitWorkerEvent } from './event.js';

/** What a worker does about what happens in its session. */
export const sessionHost = (
  emit: EmitWorkerEvent,
  detached: (error: BusError | undefined) => void,
): SessionHost => ({
  graded: (grade, cause, afterMs) => emit(grade === 'alive' ? 'recovered' : 'suspect', cause, { afterMs }),
  detached,
  ended() {},
  beat() {},
  announced() {},
  draining: () => emit('draining', 'the hub drains'),
  lagged: (afterMs) => emit('lagged', 'this event loop was held up', { afterMs }),
  // Only a hub has an event for it; a worker counts it.
  fenced() {},
  undelivered: (type, error) => emit('undelivered', error.message, { type, error }),
});
