import type { BusEvent, Observe, Role } from 'drumline/plugin';
import { counter, type Home, type Numbers } from './family.js';
import { LabelValues, type Types } from './label.js';
import { codeOf, refusalOf } from './outcome.js';

/** Counts what a hub or worker tells of itself. No series has the id of a worker: a fleet may have any number. */
export class Observing {
  readonly #kinds = new LabelValues(64);
  readonly #events;
  readonly #counts: ReadonlyMap<string, (event: BusEvent) => void>;
  readonly #plain: Readonly<Record<Role, readonly Numbers[]>>;

  constructor(home: Home, types: Types) {
    this.#events = counter(home, 'events_total', 'Everything that was told, by kind.', 'kind');
    const verdicts = counter(home, 'verdicts_total', 'Changes of grade, by the new one.', 'grade', 'cause');
    const joined = counter(home, 'joined_total', 'Workers that joined: new, or come back.', 'cause');
    const left = counter(home, 'left_total', 'Workers that said goodbye.', 'cause');
    const lost = counter(home, 'lost_total', 'Workers that were declared lost.', 'cause');
    const refused = counter(home, 'refused_total', 'Greetings that were refused.', 'code');
    const degraded = counter(home, 'degraded_total', 'Workers let in with a leniency.');
    const fenced = counter(home, 'fenced_total', 'Workers that came back after they were declared lost.');
    const connected = counter(home, 'connected_total', 'Links to the hub, welcomed or resumed.', 'cause');
    const disconnected = counter(home, 'disconnected_total', 'Links to the hub that ended.');
    const unreachable = counter(home, 'unreachable_total', 'Dials that found no hub.');
    const faults = counter(home, 'faults_total', 'Messages that came to a fault here.', 'code', 'type');
    const undelivered = counter(
      home,
      'undelivered_total',
      'Accepted messages that were lost with their peer.',
      'type',
    );
    const overflow = counter(home, 'overflow_total', 'Messages beyond the credit that was granted.', 'type');
    const abandoned = counter(home, 'abandoned_total', 'Handlers that ignored their signal.', 'type');
    const lagged = counter(home, 'lagged_total', 'Times that the event loop of this process was held up.');
    const laggedSeconds = counter(home, 'lagged_seconds_total', 'By how long it was held up, all together.');

    const causes = new Map<string, LabelValues>();
    // A cause is a word or two; one that turns out to be free text must not crowd out those of other kinds.
    const cause = ({ kind, cause }: BusEvent) => {
      const known = causes.get(kind) ?? new LabelValues(16);
      causes.set(kind, known);
      return known.of(cause);
    };
    const type = (event: BusEvent) => (event.type === undefined ? '' : types.foreign(event.type));
    const verdict = (grade: string) => (event: BusEvent) => add(verdicts.of(grade, cause(event)));
    const counts: Readonly<Record<string, (event: BusEvent) => void>> = {
      joined: (event) => add(joined.of(cause(event))),
      left: (event) => add(left.of(cause(event))),
      lost: (event) => {
        add(lost.of(cause(event)));
        verdict('lost')(event);
      },
      suspect: verdict('suspect'),
      // Its cause is a sentence with a time in it: what says more here is who holds the loop.
      stalled: (event) => add(verdicts.of('stalled', type(event))),
      recovered: verdict('alive'),
      refused: (event) => add(refused.of(refusalOf(event.error))),
      degraded: () => add(degraded.of()),
      fenced: () => add(fenced.of()),
      connected: (event) => add(connected.of(cause(event))),
      disconnected: () => add(disconnected.of()),
      unreachable: () => add(unreachable.of()),
      fault: (event) => add(faults.of(codeOf(event.error), type(event))),
      undelivered: (event) => add(undelivered.of(type(event))),
      overflow: (event) => add(overflow.of(type(event))),
      abandoned: (event) => add(abandoned.of(type(event))),
      lagged: ({ afterMs = 0 }) => {
        add(lagged.of());
        add(laggedSeconds.of(), afterMs / 1000);
      },
    };
    this.#counts = new Map(Object.entries(counts));
    const both = [lagged, laggedSeconds, degraded];
    this.#plain = { hub: [...both, fenced], worker: [...both, disconnected, unreachable] };
  }

  /** Shows as 0 what has not happened yet, so that the first time is seen as a rise. */
  begin(role: Role): void {
    for (const metric of this.#plain[role]) metric.of();
  }

  readonly observe: Observe = (event) => {
    add(this.#events.of(this.#kinds.of(event.kind)));
    this.#counts.get(event.kind)?.(event);
  };
}

const add = (cell: { value: number }, amount = 1) => {
  cell.value += amount;
};
