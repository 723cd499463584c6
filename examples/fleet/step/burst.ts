import { burst, lane } from '../setting.js';
import type { Stage } from '../stage.js';
import type { Tallied } from '../tally.js';
import { figure, sleep } from '../text.js';

const lookMs = 100;
/** Long enough for the slowest machine to handle one more message. */
const quietMs = 3_000;

/** More messages than a lane holds, at full speed; judged by what the worker itself counted. */
export async function burstStep({ director, ledger, books }: Stage): Promise<void> {
  const { worker: id, messages } = burst;
  const { published, accepted, dropped, ms } = await director.hub.ask('burst', { id, messages });
  books.add('published', published);
  books.add('sent', accepted);
  const { handled, distinct, mostWaiting, mostRunning } = await settled(() =>
    director.worker(id).ask('counts', null),
  );
  ledger.note(
    'once',
    handled === messages && distinct === messages && published + accepted === messages && dropped === 0,
    `${figure(distinct)} of ${figure(messages)} handled, ${figure(handled - distinct)} twice; ` +
      `${figure(published)} published and ${figure(accepted)} sent in ${figure(ms)} ms, ${figure(dropped)} dropped`,
  );
  ledger.note(
    'bounded',
    mostWaiting <= lane.capacity && mostRunning <= lane.concurrency,
    `at most ${figure(mostWaiting)} waited and ${mostRunning} ran`,
  );
}

/** Looks until all is handled, or nothing moves any more; then once more, for what should not come. */
async function settled(look: () => Promise<Tallied>): Promise<Tallied> {
  let before = await look();
  let movedAt = performance.now();
  while (before.handled < burst.messages && performance.now() - movedAt < quietMs) {
    await sleep(lookMs);
    const now = await look();
    if (now.handled !== before.handled) movedAt = performance.now();
    before = now;
  }
  await sleep(2 * lookMs);
  return look();
}
