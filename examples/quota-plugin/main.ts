// The plugin at work: one worker of each plan sends the same fifty messages, over gRPC.
import { createHub, createWorker, defineMessage, handler } from 'drumline';
import { QuotaUsage, quota } from './lib/index.js';

const Work = defineMessage<number, number>('work');

const hub = createHub({
  plugins: [quota({ plans: { free: 10, pro: 1000 }, fallback: 'free', windowMs: 60_000 })],
  handlers: [handler(Work, ({ payload }) => payload * 2)],
});
const address = await hub.start();

for (const plan of ['free', 'pro']) {
  const worker = createWorker({ hub: address, id: `w-${plan}`, labels: { plan } });
  await worker.start();
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  await Promise.allSettled(numbers.map((n) => worker.request(Work, n)));
  const { used, refused, limit } = await worker.request(QuotaUsage);
  console.log(`${plan}: ${used} handled, ${refused} refused, at most ${limit} in this window`);
  if (used !== Math.min(50, limit) || used + refused !== 50) process.exitCode = 1;
  await worker.close();
}

await hub.close();
