import { crew, waitMs, waitsPerWorker } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure } from '../text.js';
import { burstStep } from './burst.js';
import { requests, stream } from './calls.js';

/** Slow handlers on both sides, and everything else at the same time. */
export async function work(stage: Stage): Promise<void> {
  const { director, ledger, say } = stage;
  const ids = crew.map(({ id }) => id);
  say(
    `Handlers wait ${figure(waitMs)} ms, on every worker and on the hub; meanwhile a burst, requests and a stream`,
  );
  await director.hub.ask('watch', null);
  const onWorkers = director.hub.ask('wait', { ids, ms: waitMs });
  const onHub = Promise.all(
    ids.map((id) => director.worker(id).ask('wait', { calls: waitsPerWorker, ms: waitMs })),
  );
  const rest = Promise.all([burstStep(stage), requests(stage), stream(stage)]);
  const [workerWaits, hubWaits] = await Promise.all([onWorkers, onHub, rest]);

  const seen = (await director.hub.ask('watched', null)).filter(({ id }) => ids.includes(id));
  const graded = seen
    .filter(({ grades }) => grades.length > 0)
    .map(({ id, grades }) => `${id} ${grades.join(', ')}`);
  const gapMs = Math.max(...seen.map(({ longestGapMs }) => longestGapMs));
  ledger.note(
    'workersWait',
    graded.length === 0 && seen.length === ids.length && waited(workerWaits) === ids.length,
    `${waited(workerWaits)} of ${ids.length} waited that long by their own clocks; ${graded.join('; ') || 'nobody suspect'}; ` +
      `beats at most ${figure(gapMs)} ms apart`,
  );

  const calls = ids.length * waitsPerWorker;
  const counts = await Promise.all(ids.map((id) => director.worker(id).ask('counts', null)));
  const worried = ids.filter((_, i) => counts[i]?.worries !== 0 || counts[i]?.links !== 1);
  ledger.note(
    'hubWaits',
    waited(hubWaits.flat()) === calls && graded.length === 0 && worried.length === 0,
    `${waited(hubWaits.flat())} of ${calls} waited that long by the hub's clock; ` +
      (worried.length > 0 ? `${worried.join(', ')} lost sight of the hub` : 'every worker kept its one link'),
  );
}

/** How many waited as long as they were told; a timer may be a millisecond early. */
const waited = (replies: readonly { readonly ms: number }[]): number =>
  replies.filter(({ ms }) => ms >= waitMs - 2).length;
