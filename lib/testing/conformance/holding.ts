import { answerTo } from './answer.js';
import { LoopWatch } from './loop-watch.js';
import type { Stage } from './stage.js';
import type { Trial } from './trial.js';

/** How often a handler has to hold the loop to be believed: the machine may be busy elsewhere once. */
const believed = 3;

/** Whether a handler of the plugin holds the event loop for too long, with each of its samples alone; blames it. */
export async function holds(trial: Trial, stage: Stage): Promise<boolean> {
  const { subject } = trial;
  for (const type of subject.types)
    for (const sample of subject.samples(type)) {
      let ms = Number.POSITIVE_INFINITY;
      for (let n = 0; n < believed && ms > subject.blockMs; n++)
        ms = Math.min(ms, await heldBy(trial, stage, type, sample));
      if (ms <= subject.blockMs) continue;
      blameHold(trial, ms, [type]);
      return true;
    }
  return false;
}

/** How long the event loop was held for one message, before its handler first gave it back or later, in milliseconds. */
async function heldBy(trial: Trial, { kit, inward }: Stage, type: string, sample: unknown): Promise<number> {
  const seen = kit.seenOf(type);
  seen.heldMs = 0;
  const watch = new LoopWatch(trial.clock, trial.subject.blockMs, () => [type]);
  await answerTo(trial, inward, type, sample, trial.stepMs / 4, 1);
  // One more turn of the watch, for what was held up with the answer.
  await trial.sleep(20);
  watch.stop();
  return Math.max(seen.heldMs, watch.worstMs);
}

export function blameHold(trial: Trial, ms: number, running: readonly string[]): void {
  const where =
    running.length > 0
      ? `in the handler of ${running.map((type) => `'${type}'`).join(' or ')}`
      : 'under load';
  trial.blame(
    `holds the event loop for ${Math.round(ms)} ms ${where}, more than ${trial.subject.blockMs}: give the handler ` +
      "{ run: 'thread' }, or let it work in pieces with setImmediate between them",
  );
}
