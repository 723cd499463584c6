// node worker.js ADDRESS: a worker that handles 5,000 messages a second and no more.
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker, handler } from '../../lib/index.js';
import { tell, tellMemory } from './told.js';

const [hub = ''] = process.argv.slice(2);
const everyMs = 1_000 / 5_000;
/** One bit for each number that may come. */
const seen = new Uint8Array(2 ** 24);
let handled = 0;
let repeated = 0;
let nextAt = 0;

const worker = createWorker({
  hub,
  id: 'w1',
  handlers: [
    handler('work', async ({ payload }) => {
      const now = performance.now();
      nextAt = Math.max(nextAt + everyMs, now);
      await sleep(nextAt - now);
      const bytes = payload as Uint8Array;
      const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      const bit = 1 << (n & 7);
      if (((seen[n >> 3] as number) & bit) !== 0) repeated += 1;
      seen[n >> 3] = (seen[n >> 3] as number) | bit;
      handled += 1;
    }),
  ],
});
await worker.start();
tellMemory();
process.on('message', () => tell({ kind: 'handled', handled, repeated }));
