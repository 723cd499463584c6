// node worker.js ADDRESS ID: does two jobs at a time, until it is told to leave or is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker, handler } from 'drumline';
import { Begun, Job, squareOf } from './contract.js';

const [hub = '', id = ''] = process.argv.slice(2);

const worker = createWorker({
  hub,
  id,
  handlers: [
    handler(
      Job,
      async ({ payload: { job, ms } }, { attempt }) => {
        await worker.send(Begun, { job, pid: process.pid });
        await sleep(ms);
        return { value: squareOf(job), pid: process.pid, attempt };
      },
      { concurrency: 2 },
    ),
  ],
});

const started = worker.start({ timeoutMs: 30_000 });
process.once('disconnect', () => process.exit());
process.once('message', async () => {
  // The hub knows it before it knows itself.
  await started;
  await worker.drain({ deadlineMs: 3_000 });
  process.exit();
});
await started;
