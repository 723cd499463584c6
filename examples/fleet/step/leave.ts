import type { Director } from '../director.js';
import type { Stage } from '../stage.js';
import { figure, inTime, sleep } from '../text.js';

const withinMs = 5_000;
/** Less than `lostAfterMs`: a worker that is gone without a goodbye is still counted then. */
const readMs = 500;
const lookMs = 20;

/** Everybody goes home: workers first. A process that held on to something would stay. */
export async function leave({ director, ledger, say }: Stage): Promise<void> {
  say('Everybody leaves');
  const begin = performance.now();
  const children = [...director.workers.values(), director.hub];
  let ended = 0;
  const exits = children.map((child) =>
    child.exited.then(({ code }) => {
      if (code === 0) ended += 1;
    }),
  );
  for (const worker of director.workers.values()) worker.ask('leave', null).catch(() => {});
  await inTime(Promise.all(exits.slice(0, -1)), withinMs);
  const total = await remaining(director);
  director.hub.ask('leave', null).catch(() => {});
  await inTime(Promise.all(exits), withinMs);
  const ms = performance.now() - begin;
  ledger.note(
    'ended',
    ended === children.length && total === 0,
    `${ended} of ${children.length} with code 0 in ${figure(ms)} ms; the hub had heard ` +
      `${director.workers.size - total} of ${director.workers.size} goodbyes` +
      (ended < children.length ? `; still there: ${director.running.join(', ')}` : ''),
  );
}

/** How many the hub still counts. A goodbye may have to be read first: its process can be gone before that. */
async function remaining({ hub }: Director): Promise<number> {
  const begin = performance.now();
  for (;;) {
    const { total } = await hub.ask('census', null);
    if (total === 0 || performance.now() - begin > readMs) return total;
    await sleep(lookMs);
  }
}
