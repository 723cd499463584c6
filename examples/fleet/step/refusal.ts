import type { Director } from '../director.js';
import { crew, hubVersion, relic } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure, inTime, sleep } from '../text.js';

/** A process that dials on and on does not end. */
const withinMs = 5_000;
const pauseMs = 20;

/** A worker that the version policy does not want, while the others are served. */
export async function refusal({ director, ledger, books, say }: Stage): Promise<void> {
  say(`A worker ${relic.version} dials the hub ${hubVersion}`);
  const begin = performance.now();
  const stray = director.tryWorker(relic);
  const heard = director.expect(({ pid, told }) => pid === stray.pid && told.tell !== 'said');
  const gone = Promise.all([inTime(heard, withinMs), inTime(stray.exited, withinMs)]);
  const [served, [first, exit]] = await Promise.all([serveUntil(gone, director), gone]);
  const ms = performance.now() - begin;
  if (exit === undefined) stray.kill();

  const text = first?.told.tell === 'refused' ? first.told.text : undefined;
  if (text !== undefined) books.add('of another version', 1);
  const named = [relic.version, hubVersion].filter((version) => text?.includes(version));
  const refusals = await director.hub.ask('refusals', { id: relic.id });
  ledger.note(
    'refused',
    named.length === 2 && exit?.code === 1 && refusals === 1 && served > 0,
    `${text === undefined ? 'it was not refused' : `refused, naming ${named.join(' and ') || 'no version'}`}; ` +
      `${exit === undefined ? 'it did not end by itself' : `it ended with code ${exit.code}`} in ${figure(ms)} ms; ` +
      `the hub refused it ${refusals === 1 ? 'once' : `${refusals} times`}; ${figure(served)} requests to the others served meanwhile`,
  );
}

/** Asks each of the crew, again and again; gives the number of answers. One that fails rejects. */
async function serveUntil(end: Promise<unknown>, { hub }: Director): Promise<number> {
  let served = 0;
  let over = false;
  const ending = end.then(() => {
    over = true;
  });
  while (!over) {
    served += (await Promise.all(crew.map(({ id }) => hub.ask('who', { id })))).length;
    await Promise.race([ending, sleep(pauseMs)]);
  }
  return served;
}
