// A worker computes pictures: first on its event loop, then in threads. The hub watches its beats, and pings it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createHub, type RequestContract } from 'drumline';
import { type Picture, Ping, RenderInline, RenderInThread, type View } from './contract.js';

const beat = { intervalMs: 100, suspectAfterMs: 500, lostAfterMs: 8_000, stalledAfterMs: 1_000 };
const views: View[] = [
  { x: -2, y: -1.25, width: 2.5, pixels: 256, forMs: 1_000 },
  { x: -0.8, y: 0.1, width: 0.1, pixels: 256, forMs: 1_000 },
];

const hub = createHub({ beat });
let verdicts: string[] = [];
hub.events$.subscribe(({ kind, cause, afterMs }) => {
  if (['suspect', 'stalled', 'lost'].includes(kind)) verdicts.push(kind);
  if (['stalled', 'recovered'].includes(kind))
    console.log(`  the hub says: ${kind} (${cause}, ${Math.round(afterMs ?? 0)} ms)`);
});
const child = fork(new URL('./worker.js', import.meta.url), [await hub.start()]);
await hub.waitFor(1, { timeoutMs: 10_000 });

interface Trial {
  readonly pictures: readonly Picture[];
  readonly verdicts: readonly string[];
  readonly slowestPingMs: number;
}

/** Has all pictures computed at once, and pings the worker meanwhile. */
async function trial(message: RequestContract<View, Picture>): Promise<Trial> {
  verdicts = [];
  let computing = true;
  let slowestPingMs = 0;
  const pictures = Promise.all(views.map((view) => hub.request('painter', message, view))).finally(() => {
    computing = false;
  });
  while (computing) {
    const began = performance.now();
    await hub.request('painter', Ping, began);
    slowestPingMs = Math.max(slowestPingMs, Math.round(performance.now() - began));
    await pause(20);
  }
  await pause(3 * beat.intervalMs);
  return { pictures: await pictures, verdicts, slowestPingMs };
}

console.log(`${views.length} pictures on the event loop of the worker:`);
const inline = await trial(RenderInline);
console.log(`  verdicts: ${inline.verdicts.join(', ') || 'none'}; slowest ping ${inline.slowestPingMs} ms`);
console.log(`${views.length} pictures in threads:`);
const inThreads = await trial(RenderInThread);
console.log(
  `  verdicts: ${inThreads.verdicts.join(', ') || 'none'}; slowest ping ${inThreads.slowestPingMs} ms`,
);

const same = views.every(
  (_, n) => Buffer.compare(inline.pictures[n] ?? empty(), inThreads.pictures[n] ?? empty()) === 0,
);
console.log(`the pictures are ${same ? 'the same' : 'not the same'}`);
child.disconnect();
await once(child, 'exit');
await hub.close();
const kept = inThreads.verdicts.length === 0 && inThreads.slowestPingMs < 500;
const seen = inline.verdicts.length > 0 && inline.verdicts.every((kind) => kind === 'stalled');
if (!(same && kept && seen)) process.exitCode = 1;

function empty(): Uint8Array {
  return new Uint8Array(0);
}
