import { anyRequests, crew, streamItems } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure } from '../text.js';

/** A request to each worker by its id, and some to whoever has room. */
export async function requests({ director, ledger }: Stage): Promise<void> {
  const begin = performance.now();
  const each = await Promise.all(crew.map(({ id }) => director.hub.ask('who', { id })));
  const whoever = await director.hub.ask('whoever', { requests: anyRequests });
  const ms = performance.now() - begin;
  // An answer counts if it comes from the process that the director started under that name.
  const genuine = [...each, ...whoever].filter(({ id, pid }) => director.worker(id).pid === pid).length;
  const named = crew.filter(({ id }, i) => each[i]?.id === id).length;
  ledger.note(
    'requests',
    named === crew.length && genuine === crew.length + anyRequests,
    `${named} of ${crew.length} by id, ${whoever.length} of ${anyRequests} by ` +
      `${new Set(whoever.map(({ id }) => id)).size} workers, in ${figure(ms)} ms`,
  );
}

/** One stream of replies, compared with what the worker says it gave. */
export async function stream({ director, ledger }: Stage): Promise<void> {
  const id = crew.at(-1)?.id ?? '';
  const begin = performance.now();
  const { received, inOrder } = await director.hub.ask('numbers', { id, count: streamItems });
  const ms = performance.now() - begin;
  const { numbered } = await director.worker(id).ask('counts', null);
  ledger.note(
    'stream',
    received === streamItems && numbered === streamItems && inOrder,
    `${figure(received)} of ${figure(numbered)} ${inOrder ? 'in order' : 'out of order'}, in ${figure(ms)} ms`,
  );
}
