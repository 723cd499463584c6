import type { Stage } from '../stage.js';
import { figure, sleep } from '../text.js';

const withinMs = 5_000;

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
  await inTime(exits.slice(0, -1));
  const { total } = await director.hub.ask('census', null);
  director.hub.ask('leave', null).catch(() => {});
  await inTime(exits);
  const ms = performance.now() - begin;
  ledger.note(
    'ended',
    ended === children.length && total === 0,
    `${ended} of ${children.length} with code 0; the hub knew that ${director.workers.size - total} of ${director.workers.size} workers had left; in ${figure(ms)} ms${ended < children.length ? `; still there: ${director.running.join(', ')}` : ''}`,
  );
}

async function inTime(exits: readonly Promise<void>[]): Promise<void> {
  const timer = new AbortController();
  await Promise.race([Promise.all(exits), sleep(withinMs, timer.signal)]);
  timer.abort();
}
