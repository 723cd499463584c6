import { Fleet } from '../../lib/hub/fleet.js';
import type { Stats } from '../../lib/plugin/stats.js';
import { gaugeOf } from '../../lib/session/gauge.js';
import { Session } from '../../lib/session/session.js';
import type { Book } from './book.js';

/** Every number in it, however deep. */
export function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** Those that no count of anything can be. */
export const unsoundIn = (value: unknown): number[] =>
  numbersIn(value).filter((each) => !(each >= 0 && Number.isFinite(each)));

/** Looks at what every hub and session of the run says of itself. `unwatch` takes the looking away again. */
export function watchStats(book: Book, bounds: Pick<Stats['lane'], 'capacity' | 'concurrency'>) {
  const { enter } = Fleet.prototype;
  const { attach } = Session.prototype;
  const fleets = new Set<Fleet>();
  const sessions = new Set<Session>();
  Fleet.prototype.enter = function (admitted) {
    fleets.add(this);
    return enter.call(this, admitted);
  };
  Session.prototype.attach = function (opening, terms) {
    sessions.add(this);
    attach.call(this, opening, terms);
  };
  const sound = (what: string, numbers: unknown) => {
    if (unsoundIn(numbers).length > 0) book.violation(`${what} counts ${JSON.stringify(numbers)}`);
  };
  return {
    /** After each step. */
    look(): void {
      for (const session of sessions) sound(session.name, gaugeOf(session));
      for (const fleet of fleets) {
        const stats = fleet.stats();
        const { lane, credit, peers } = stats;
        sound('a hub', stats);
        const count = peers.alive + peers.suspect + peers.draining;
        if (
          lane.queued + credit.granted.messages > bounds.capacity + count ||
          lane.running > bounds.concurrency
        )
          book.violation(`a hub with ${count} workers holds ${JSON.stringify({ lane, credit })}`);
      }
    },
    /** When all have left. */
    end(): void {
      for (const session of sessions) {
        // A process that was killed is as it was.
        if (session.state.name !== 'ended') continue;
        const gauge = gaugeOf(session);
        if (numbersIn(gauge).some((each) => each !== 0))
          book.violation(`${session.name} ended and holds ${JSON.stringify(gauge)}`);
      }
    },
    unwatch(): void {
      Fleet.prototype.enter = enter;
      Session.prototype.attach = attach;
    },
  };
}
