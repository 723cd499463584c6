import { expect } from 'chai';
import { Fleet, failure, inThreads } from './fleet.js';

const lane = { concurrency: 64 };

describe('Messages that wait for a thread', () => {
  it('are at most maxQueued; beyond, they are refused and may be sent again', async () => {
    const handlers = inThreads(['wait'], { concurrency: 64 });
    await using fleet = await Fleet.of(handlers, { threads: 1, maxQueued: 2 }, { worker: { lane } });
    const calls = Array.from({ length: 5 }, () => fleet.hub.request('w1', 'wait', 100));
    const results = await Promise.allSettled(calls);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).to.have.length(2);
    for (const error of refused) {
      expect(error).to.include({ code: 'overflow', retryable: true });
      expect(error.message).to.equal("'wait' finds no thread: 2 messages wait already (maxQueued)");
      expect(error.details).to.deep.equal({ type: 'wait', maxQueued: 2 });
    }
    expect(await fleet.hub.request('w1', 'wait', 0)).to.be.above(0);
  });

  it('are none if maxQueued is 0', async () => {
    const handlers = inThreads(['wait'], { concurrency: 64 });
    await using fleet = await Fleet.of(handlers, { threads: 2, maxQueued: 0 }, { worker: { lane } });
    const calls = Array.from({ length: 3 }, () => fleet.hub.request('w1', 'wait', 100));
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === 'rejected')).to.have.length(1);
  });

  it('are taken in order by whichever thread is free, and by no more threads than there may be', async () => {
    const handlers = inThreads(['wait'], { concurrency: 64 });
    await using fleet = await Fleet.of(handlers, { threads: 3 }, { worker: { lane } });
    const calls = Array.from({ length: 30 }, () => fleet.hub.request('w1', 'wait', 10));
    const threads = new Set(await Promise.all(calls));
    expect(threads.size).to.equal(3);
    expect(fleet.started).to.have.length(3);
  });

  it('are let go when the worker closes', async () => {
    const handlers = inThreads(['wait'], { concurrency: 64 });
    const fleet = await Fleet.of(handlers, { threads: 1 }, { worker: { lane } });
    const calls = Array.from({ length: 5 }, () => failure(fleet.hub.request('w1', 'wait', 60_000)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    await fleet[Symbol.asyncDispose]();
    expect(performance.now() - began).to.be.below(4_000);
    await Promise.all(calls);
    expect(fleet.ended).to.equal(fleet.started.length);
  });
});
