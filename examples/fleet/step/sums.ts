import { mortal } from '../setting.js';
import type { Stage } from '../stage.js';
import { formulas, type Sum, sumOf } from '../sum.js';
import { figure } from '../text.js';

/** A process, and what it says became of its messages. */
export interface Told {
  readonly name: string;
  readonly sum: Sum;
}

/** What the hub that runs now has counted in its life. */
export async function hubSum({ director: { hub } }: Stage): Promise<Told> {
  return { name: `the hub (${hub.pid})`, sum: sumOf(await hub.ask('delivery', null)) };
}

/** Both lives of the hub, and every worker that runs. */
export async function closeSums({ director, ledger, say }: Stage, hubs: readonly Told[]): Promise<void> {
  say(`The sums: ${formulas}; parts that are nothing are left out`);
  const workers = [...director.workers.values()].map(async (worker) => ({
    name: `${worker.name} (${worker.pid})`,
    sum: sumOf(await worker.ask('delivery', null)),
  }));
  const all: readonly Told[] = [...hubs, ...(await Promise.all(workers))];
  for (const { name, sum } of all) say(`       ${name}: ${sum.text}`);
  const total = (of: 'accepted' | 'offered') => figure(all.reduce((total, { sum }) => total + sum[of], 0));
  const open = all.filter(({ sum }) => !sum.closes).map(({ name }) => name);
  ledger.note(
    'sums',
    open.length === 0,
    `both sums close on ${all.length - open.length} of ${all.length} processes` +
      `${open.length > 0 ? `, and not on ${open.join(', ')}` : ''}: ${total('accepted')} accepted, ${total('offered')} offered; ` +
      `what the killed process of ${mortal}, and the first hub in its last moments, counted is theirs alone`,
  );
}
