import type { Role } from '../../plugin/manifest.js';
import { blameHold, holds } from './holding.js';
import { LoopWatch } from './loop-watch.js';
import type { ConformanceCase } from './option.js';
import { Pressure } from './pressure.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** How many messages the lane takes, and how often there is a beat, in milliseconds. */
const capacity = 512;
const beatMs = 100;

/** Beats stay in time while the plugin's handlers are saturated, and others throw, hang and block beside them. */
export const loadCases = (subject: Subject, role: Role): readonly ConformanceCase[] => {
  if (!runsUnderLoad(subject)) return [];
  const without = subject.types.filter((type) => subject.samples(type).length === 0);
  const note = without.length > 0 ? ` (no samples for ${without.map((type) => `'${type}'`).join(', ')})` : '';
  return [
    caseOf(subject, `as a ${role}: beats stay in time under load${note}`, (trial) => loaded(trial, role)),
  ];
};

/** Whether anything of it runs once the workers are in. */
function runsUnderLoad({ types, steps, contributes }: Subject): boolean {
  const { interceptors = [], observers = [], detector } = contributes;
  return types.length + interceptors.length + observers.length + steps.size > 0 || detector !== undefined;
}

async function loaded(trial: Trial, role: Role): Promise<void> {
  const { blockMs } = trial.subject;
  const beat = {
    intervalMs: beatMs,
    suspectAfterMs: 2 * blockMs + beatMs,
    lostAfterMs: 4 * blockMs + beatMs,
  };
  const lane = { capacity };
  const stage = await Stage.of(trial, role, { hub: { beat, lane }, worker: { lane }, grpc: true });
  if (await holds(trial, stage)) return;
  const load = new Pressure(trial, stage);
  const watch = new LoopWatch(trial.clock, blockMs, () => load.running());
  await load.run(watch);
  // One more turn of the watch, for what has held up the end.
  await trial.sleep(20);

  watch.stop();
  judged(trial, stage, watch, load);
}

function judged(trial: Trial, { events }: Stage, watch: LoopWatch, load: Pressure): void {
  const { blockMs } = trial.subject;
  for (const { ms, running } of watch.held) blameHold(trial, ms, running);
  if (trial.problems.length > 0) return;
  const gone = events.find(({ kind }) => ['suspect', 'stalled', 'lost', 'disconnected'].includes(kind));
  if (gone) trial.blame(`lets a healthy peer be ${gone.kind} under load: ${gone.cause}`);
  // What held up the whole process held up its beats as well: that is not the lanes' doing.
  const lateMs = load.silentMs - beatMs - watch.worstMs;
  if (lateMs > blockMs)
    trial.blame(`lets a beat come ${Math.round(lateMs)} ms late under load, more than ${blockMs}`);
  if (load.failures.length > 0)
    trial.blame(
      `lets messages of others fail under load: ${load.failures[0]}, and ${load.failures.length - 1} more`,
    );
  if (load.overflow) trial.blame(`lets ${load.overflow} wait in the lane, more than its bounds`);
}
