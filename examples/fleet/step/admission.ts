import { emptyHello, garbage, greet } from '../greeting.js';
import { crew, hubVersion } from '../setting.js';
import type { Stage } from '../stage.js';

/** A hub, and workers of every version and none. */
export async function admission({ director, ledger, say }: Stage): Promise<void> {
  say(`A hub ${hubVersion} at ${director.address}, and ${crew.length} workers`);
  await director.startHub();
  const joined = await Promise.all(crew.map((recruit) => director.startWorker(recruit)));
  await director.hub.ask('ready', { count: crew.length });
  const { total, versions, degraded } = await director.hub.ask('census', null);

  const told = joined.map(({ told }) => (told.tell === 'joined' ? told : undefined));
  // Both ends must say the same: the worker in what it was told, the hub in its census.
  const right = crew.every(({ id, version, odd }, i) => {
    const reasons = degraded.find(({ worker }) => worker === id)?.reasons ?? [];
    const counted = versions.find(({ workers }) => workers.includes(id))?.version;
    return told[i]?.degraded === odd && reasons.length > 0 === odd && counted === version;
  });
  const oddities = degraded.map(({ worker, reasons }) => `${worker} ${reasons.join(', ')}`);
  ledger.note(
    'admitted',
    right && total === crew.length,
    `${total} of ${crew.length} admitted; degraded: ${oddities.join('; ') || 'none'}`,
  );
}

/** What no worker of ours would send. */
export async function greetings({ director, ledger, books, say }: Stage): Promise<void> {
  say('A greeting that names nothing, and one that is garbage, over bare HTTP/2');
  const nothing = await greet(director.address, emptyHello);
  const noise = await greet(director.address, garbage);
  books.add('garbled', 1);
  // Whoever is welcomed and hangs up is lost as well.
  if (nothing === 'welcome') books.add('lost', 1);
  const begin = performance.now();
  const answers = await Promise.all(crew.map(({ id }) => director.hub.ask('who', { id })));
  const ms = performance.now() - begin;
  ledger.note(
    'greeting',
    nothing === 'welcome' && (noise === 'refusal' || noise === 'closed') && answers.length === crew.length,
    `an empty one got a ${nothing}, a garbled one a ${noise}; ${answers.length} of ${crew.length} workers served ${ms.toFixed(0)} ms later`,
  );
}
