// A program that uses a hub and workers, closes them, and has nothing else to do: it must end by itself.
import { createHub, createWorker, handler } from '../../../lib/index.js';

const beat = { intervalMs: 20, suspectAfterMs: 200, lostAfterMs: 600 };
const hub = createHub({
  beat,
  handlers: [handler('hang', () => new Promise(() => {}), { timeoutMs: 60_000 })],
});
const address = await hub.start();
const tail = handler('tail', async function* () {
  for (let n = 0; ; n++) yield n;
});
const workers = [1, 2, 3].map((n) =>
  createWorker({ hub: address, id: `w${n}`, handlers: [handler('echo', ({ payload }) => payload), tail] }),
);
await Promise.all(workers.map((worker) => worker.start()));
await hub.waitFor(3);
await hub.request('w1', 'echo', 1);
const settled = Promise.allSettled([
  workers[0]?.request('hang', 0),
  hub.request('w2', 'nobody handles this', 0),
  hub.request('w9', 'echo', 0),
]);
const items = hub.stream('w1', 'tail', 0).subscribe({ error() {} });
await new Promise((resolve) => setTimeout(resolve, 50));
if (process.argv[2] === 'workers first') for (const worker of workers) await worker.close();
await hub.close();
for (const worker of workers) await worker.close();
const results = await settled;
items.unsubscribe();
process.send?.({ results: results.map(({ status }) => status), beforeExit: performance.now() });
process.disconnect?.();
