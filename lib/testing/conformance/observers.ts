import { BusError, textOf } from '../../errors/bus-error.js';
import type { HubEventKind } from '../../hub/event.js';
import type { BusEvent, Observe, ObserverContext } from '../../plugin/contributions.js';
import type { Role } from '../../plugin/manifest.js';
import { systemClock } from '../../time/clock.js';
import type { WorkerEventKind } from '../../worker/event.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** How long an observer may take for one event, in milliseconds: it runs in the turn in which it happens. */
const observerMs = 100;

const kinds: Readonly<Record<HubEventKind | WorkerEventKind, true>> = {
  joined: true,
  degraded: true,
  refused: true,
  stalled: true,
  suspect: true,
  recovered: true,
  lost: true,
  left: true,
  fenced: true,
  undelivered: true,
  overflow: true,
  fault: true,
  abandoned: true,
  lagged: true,
  connected: true,
  disconnected: true,
  'pulse-began': true,
  'pulse-lost': true,
  unreachable: true,
  draining: true,
};

/** Kinds that a later version may bring, and worse. */
const strange = ['conformance-unknown', '', '__proto__', 'constructor', 'x'.repeat(1_000)];

/** The plugin's observers, in one role. */
export const observerCases = (subject: Subject, role: Role): readonly ConformanceCase[] =>
  (subject.contributes.observers ?? []).length === 0
    ? []
    : [caseOf(subject, `as a ${role}: its observers bear every event`, (trial) => observed(trial, role))];

function* events(): Iterable<BusEvent> {
  const at = systemClock.date();
  for (const kind of [...Object.keys(kinds), ...strange]) {
    yield { kind, cause: '', at };
    yield {
      kind,
      cause: 'conformance',
      at,
      worker: 'conformance',
      epoch: '1.conformance',
      afterMs: 1,
      type: 'conformance.echo',
      plugin: 'conformance',
      error: new BusError('handler-failed', 'conformance', { details: { type: 'conformance.echo' } }),
    };
    yield { kind, cause: 'c'.repeat(10_000), at: 0, worker: '__proto__', type: '', afterMs: Number.NaN };
  }
}

async function observed(trial: Trial, role: Role): Promise<void> {
  const plugin = trial.plugin();
  const contexts = new Map<Observe, ObserverContext>();
  const observers = (plugin.contributes?.observers ?? []).map(
    (observe): Observe =>
      (event, context) => {
        contexts.set(observe, context);
        return observe(event, context);
      },
  );
  await Stage.of(trial, role, { plugin: { ...plugin, contributes: { ...plugin.contributes, observers } } });
  if (contexts.size < new Set(plugin.contributes?.observers).size)
    return trial.fail('has an observer that was told of nothing while a worker joined a hub');
  for (const [index, [observe, context]] of [...contexts].entries())
    for (const event of events())
      await tell(trial, `observers[${index}]`, (event) => observe(event, context), event);
}

async function tell(
  trial: Trial,
  name: string,
  observe: (event: BusEvent) => unknown,
  event: BusEvent,
): Promise<void> {
  const shown = `an event '${event.kind.slice(0, 32)}' with ${Object.keys(event).length} fields`;
  try {
    let ms = Number.POSITIVE_INFINITY;
    // A machine may be busy elsewhere once, not three times.
    for (let again = 0; again < 3 && ms > observerMs; again++) {
      const since = trial.clock.now();
      const result = observe(event);
      ms = Math.min(ms, trial.clock.now() - since);
      await result;
    }
    if (ms > observerMs)
      trial.blame(`takes ${Math.round(ms)} ms in ${name} for ${shown}, more than ${observerMs}: do it later`);
  } catch (thrown) {
    trial.blame(
      `throws in ${name} for ${shown}: ${textOf(thrown)}: every field but kind, cause and at may be missing`,
    );
  }
}
