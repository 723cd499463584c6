// A worker gets 50,000 messages at once and handles each in 5 ms, eight at a time. It has places for 256.
// Nobody waits in vain: the producer is told what was dropped, or waits itself, and the worker never looks dead.
import { setTimeout as pause } from 'node:timers/promises';
import { createHub, createWorker, defineMessage, handler } from 'drumline';

const Job = defineMessage<{ n: number }>('job');
const beat = { intervalMs: 100, suspectAfterMs: 400, lostAfterMs: 1_000, stalledAfterMs: 400 };

let handled = 0;
const hub = createHub({ beat, outbox: { capacity: 1_000 } });
const verdicts: string[] = [];
hub.events$.subscribe(({ kind }) => verdicts.push(kind));
const worker = createWorker({
  hub: await hub.start(),
  id: 'w1',
  lane: { concurrency: 16, capacity: 256 },
  handlers: [
    handler(Job, async () => {
      await pause(5);
      handled += 1;
    }),
  ],
});
await worker.start();

let queued = 0;
let dropped = 0;
for (let n = 0; n < 50_000; n += 1) {
  const published = hub.publish('w1', Job, { n });
  queued += published.queued;
  dropped += published.dropped;
}
console.log(
  `publish never waits: of 50,000 at once, ${queued} were queued and ${dropped} dropped, and we know it`,
);

while (handled < queued) await pause(20);
console.log(`all ${handled} that were queued have been handled`);

handled = 0;
let most = 0;
const watch = setInterval(() => {
  most = Math.max(most, hub.workers.get('w1')?.load.queued ?? 0);
}, 50);
await Promise.all(Array.from({ length: 2_000 }, (_, n) => hub.send('w1', Job, { n })));
while (handled < 2_000) await pause(20);
clearInterval(watch);
console.log(
  `send waits: all ${handled} of 2,000 have been handled; at most ${most} waited in the worker's 256 places`,
);

const bad = verdicts.filter((kind) => kind === 'suspect' || kind === 'lost');
console.log(`verdicts while the worker was flooded: ${bad.length === 0 ? 'none' : bad.join(', ')}`);
await worker.close();
await hub.close();
if (bad.length > 0 || most > 256) process.exitCode = 1;
