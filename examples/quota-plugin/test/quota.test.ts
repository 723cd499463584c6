import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BusError, createHub, createWorker, defineMessage, handler } from 'drumline';
import { conformance, memoryNetwork } from 'drumline/testing';
import { QuotaUsage, quota } from '../lib/index.js';

const Work = defineMessage<number, number>('work');
const plans = { free: 3, pro: 1000 };

/** A hub with the plugin, and a worker with a plan or none, on a network in memory. */
async function bus(plan?: string, windowMs = 60_000) {
  const network = memoryNetwork();
  const hub = createHub({
    listen: { address: 'hub', transport: network.transport('hub') },
    plugins: [quota({ plans, fallback: 'free', windowMs })],
    handlers: [handler(Work, ({ payload }) => payload * 2)],
  });
  const address = await hub.start();
  const worker = createWorker({
    hub: { address, transport: network.transport('w1') },
    id: 'w1',
    version: '1.0.0',
    ...(plan === undefined ? {} : { labels: { plan } }),
  });
  return { hub, worker, close: async () => Promise.all([worker.close(), hub.close()]) };
}

describe('quota', () => {
  test('handles what the plan allows, refuses the rest, and says what was used', async () => {
    const { worker, close } = await bus('free');
    await worker.start();
    const replies = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => worker.request(Work, n)));
    assert.deepEqual(
      replies.map((reply) => (reply.status === 'fulfilled' ? reply.value : reply.reason.code)),
      [2, 4, 6, 'overflow', 'overflow'],
    );
    const usage = await worker.request(QuotaUsage);
    assert.deepEqual(usage, { plan: 'free', limit: 3, windowMs: 60_000, used: 3, refused: 2 });
    await close();
  });

  test('begins anew in the next window', async () => {
    const { worker, close } = await bus('free', 1);
    await worker.start();
    for (let n = 0; n < 10; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      assert.equal(await worker.request(Work, n), n * 2);
    }
    await close();
  });

  test('lets a worker without a plan in and says so; one with an unknown plan stays out', async () => {
    const without = await bus();
    const agreement = await without.worker.start();
    assert.deepEqual(agreement.reasons, ["names no plan: gets 'free'"]);
    await without.close();
    const unknown = await bus('gold');
    await assert.rejects(
      unknown.worker.start(),
      (error) =>
        BusError.is(error, 'handshake-refused') &&
        error.message.includes("asks for the plan 'gold': there are free, pro"),
    );
    await unknown.close();
  });
});

describe('quota conforms', () => {
  const cases = conformance(() => quota({ plans, fallback: 'pro' }), {
    messages: { 'quota.usage': undefined },
    packageJson: new URL('../../package.json', import.meta.url),
  });
  for (const { name, run } of cases) test(name, run);
});
