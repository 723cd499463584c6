import type { Heard } from '../director.js';
import { inWords, lostWithPeer } from '../endings.js';
import { awayMs, backWithinMs, fleet } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure, inTime, sleep } from '../text.js';

const inFlight = 3;
const callMs = 120_000;

/** The hub dies, and another one listens where it was. Nobody tells the workers. */
export async function restart({ director, ledger, books, say }: Stage): Promise<void> {
  const ids = fleet.map(({ id }) => id);
  const before = ids.map((id) => director.worker(id).pid);
  const clinging = Promise.all(
    ids.map((id) => director.worker(id).ask('call', { calls: inFlight, ms: callMs })),
  );
  clinging.catch(() => {});
  await director.hub.ask('running', { count: inFlight * ids.length });

  const old = director.hub;
  say(`The hub (${old.pid}) is killed, and stays away for ${figure(awayMs)} ms`);
  old.kill();
  await old.exited;
  await sleep(awayMs);

  // Served by the new hub, told by the worker's own process: nothing else counts as back.
  const served = ids.map((id) =>
    director.expect(({ from, told }) => from === id && told.tell === 'served' && told.by !== old.pid),
  );
  const { at: returnedAt } = await director.startHub();
  const hub = director.hub;
  books.clear();
  const back = await within(served, backWithinMs);
  const arrived = back.filter(({ told }) => told.tell === 'served' && told.by === hub.pid);
  const lastMs = Math.max(0, ...arrived.map(({ at }) => at - returnedAt));
  const missing = ids.filter((id) => !arrived.some(({ from }) => from === id));
  ledger.note(
    'back',
    missing.length === 0 && lastMs <= backWithinMs,
    `${arrived.length} of ${ids.length} back and served ${figure(lastMs)} ms after its return ` +
      `(at most ${figure(backWithinMs)})${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''}`,
  );

  // The pid as the process itself tells it, if it told anything.
  const same = ids.filter((id, i) => {
    const told = arrived.find(({ from }) => from === id)?.told;
    return director.worker(id).running && (told?.tell !== 'served' || told.pid === before[i]);
  });
  ledger.note(
    'survived',
    same.length === ids.length,
    `${same.length} of ${ids.length} run with the pid that they had`,
  );

  if (missing.length > 0) return;
  const endings = (await clinging).flatMap(({ endings }) => endings);
  ledger.note(
    'clinging',
    endings.length === inFlight * ids.length && lostWithPeer(endings),
    `${endings.length} endings of ${inFlight * ids.length} requests, each ${inWords(endings)}`,
  );
}

/** Those that were heard in time, and a moment more. */
async function within(promises: readonly Promise<Heard>[], ms: number): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  await inTime(Promise.all(promises.map((promise) => promise.then((one) => heard.push(one)))), ms + 500);
  return heard;
}
