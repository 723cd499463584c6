import { Render } from '../contract.js';
import { painter, renderMs } from '../setting.js';
import type { Stage } from '../stage.js';
import { inWords } from '../table.js';
import { figure } from '../text.js';

const { id } = painter;

/**
 * One worker computes without a pause. Resolves when the hub says so, while it goes on; what it resolves with waits for the
 * end, and judges.
 */
export async function render({ director, ledger, say }: Stage): Promise<() => Promise<void>> {
  say(
    `${id} joins, and is told to compute ${figure(renderMs)} ms without a pause; all else goes on meanwhile`,
  );
  const { pid } = await director.startWorker(painter);
  const { hub } = director;
  const pulsing = await hub.ask('pulsing', { id });
  const before = await hub.ask('explain', { id });
  const begin = performance.now();
  const rendering = hub.ask('render', { id, ms: renderMs }).then((end) => ({ end, at: performance.now() }));
  rendering.catch(() => {});
  // Until then any() could choose it, and would wait.
  await hub.ask('graded', { id, grade: 'stalled' });

  return async () => {
    const row = director.row(id);
    if (row?.stalledBy) say(`${id} is ${inWords(row)}; its reply is waited for`);
    const { end, at } = await rendering;
    const { transitions } = await hub.ask('graded', { id, grade: 'alive' });
    const { links } = await director.worker(id).ask('counts', null);

    const since = transitions.slice(before.transitions.length);
    const [first] = since;
    const named = first?.to === 'stalled' && first.by.length === 1 && first.by[0]?.type === Render.type;
    const harmless = since.every(({ to }) => to === 'stalled' || to === 'alive');
    const epochs = new Set(transitions.map(({ epoch }) => epoch)).size;
    const { reply, failed } = end;
    ledger.note(
      'blocked',
      named &&
        harmless &&
        since.at(-1)?.to === 'alive' &&
        epochs === 1 &&
        links === 1 &&
        reply?.pid === pid &&
        reply.ms >= renderMs,
      `${pulsing ? '' : 'its thread did not beat; '}${since.map(({ to, cause }) => `${to} (${cause})`).join(', then ') || 'the hub saw nothing of it'}; ` +
        `${reply ? `its reply came after ${figure(at - begin)} ms` : `there was no reply: ${failed}`}; ` +
        `${epochs === 1 ? 'the epoch is the same' : `it had ${epochs} epochs`}, ${links === 1 ? 'as is its link' : `and ${links} links`}`,
    );
  };
}
