import { crew, waitMs, waitsPerWorker } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure } from '../text.js';
import { burstStep } from './burst.js';
import { requests, stream } from './calls.js';

const ids = crew.map(({ id }) => id);

/** Slow handlers on both sides, and everything else at the same time. */
export async function work(stage: Stage): Promise<void> {
  const { director, ledger, say } = stage;
  say(
    `Handlers wait ${figure(waitMs)} ms, on every worker and on the hub; meanwhile a burst, requests and a stream`,
  );
  await director.hub.ask('watch', null);
  const meanwhile = [
    ledger.during(['once', 'bounded'], () => burstStep(stage)),
    ledger.during(['requests'], () => requests(stage)),
    ledger.during(['stream'], () => stream(stage)),
  ];
  const done = Promise.allSettled(meanwhile);
  try {
    await ledger.during(['workersWait', 'hubWaits'], async () => {
      const waits = await slowOnBothSides(stage);
      await done;
      await judge(stage, waits);
    });
  } finally {
    await done;
  }
  await Promise.all(meanwhile);
}

interface Waits {
  readonly onWorkers: readonly Waited[];
  readonly onHub: readonly Waited[];
}
interface Waited {
  readonly ms: number;
}

async function slowOnBothSides({ director }: Stage): Promise<Waits> {
  const wait = { calls: waitsPerWorker, ms: waitMs };
  const [onWorkers, onHub] = await Promise.all([
    director.hub.ask('wait', { ids, ms: waitMs }),
    Promise.all(ids.map((id) => director.worker(id).ask('wait', wait))),
  ]);
  return { onWorkers, onHub: onHub.flat() };
}

async function judge({ director, ledger, books }: Stage, { onWorkers, onHub }: Waits): Promise<void> {
  const seen = (await director.hub.ask('watched', null)).filter(({ id }) => ids.includes(id));
  const graded = seen
    // A machine with too much to do holds up an event loop too: that condemns nobody.
    .map(({ id, grades }) => ({ id, grades: grades.filter((grade) => grade !== 'stalled') }))
    .filter(({ grades }) => grades.length > 0)
    .map(({ id, grades }) => `${id} ${grades.join(', ')}`);
  const gapMs = Math.max(...seen.map(({ longestGapMs }) => longestGapMs));
  ledger.note(
    'workersWait',
    graded.length === 0 && seen.length === ids.length && inFull(onWorkers) === ids.length,
    `${inFull(onWorkers)} of ${ids.length} waited that long by their own clocks; ` +
      `${graded.join('; ') || 'nobody suspect'}; beats at most ${figure(gapMs)} ms apart`,
  );

  books.add('handled', onHub.length);
  const calls = ids.length * waitsPerWorker;
  const counts = await Promise.all(ids.map((id) => director.worker(id).ask('counts', null)));
  const worried = ids.filter((_, i) => counts[i]?.worries !== 0 || counts[i]?.links !== 1);
  ledger.note(
    'hubWaits',
    inFull(onHub) === calls && graded.length === 0 && worried.length === 0,
    `${inFull(onHub)} of ${calls} waited that long by the hub's clock; ` +
      (worried.length > 0 ? `${worried.join(', ')} lost sight of the hub` : 'every worker kept its one link'),
  );
}

/** How many waited as long as they were told; a timer may be a millisecond early. */
const inFull = (waits: readonly Waited[]): number => waits.filter(({ ms }) => ms >= waitMs - 2).length;
