import { expect } from 'chai';
import { handler } from 'drumline/plugin';
import { eventually, Fleet, inThreads } from './fleet.js';

const verdicts = ['suspect', 'stalled', 'lost', 'left'];
const condemned = (fleet: Fleet) =>
  fleet.events.map(({ kind }) => kind).filter((kind) => verdicts.includes(kind));

describe('Handlers that compute for 2 s, four at a time', () => {
  it('hold up neither beats nor small requests in threads', async () => {
    const handlers = [...inThreads(['spin']), handler('ping', ({ payload }) => payload)];
    await using fleet = await Fleet.of(handlers, { threads: 4 });
    let computing = true;
    const spins = Promise.all([1, 2, 3, 4].map(() => fleet.hub.request('w1', 'spin', 2_000))).finally(() => {
      computing = false;
    });
    const took: number[] = [];
    while (computing) {
      const began = performance.now();
      await fleet.hub.request('w1', 'ping', 1);
      took.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(new Set(await spins).size).to.equal(4);
    expect(condemned(fleet)).to.deep.equal([]);
    expect(took.length).to.be.above(20);
    expect(Math.max(...took)).to.be.below(400);
  });

  it('are ended by the deadline of their sender, and beats go on', async () => {
    const options = { threads: 4, minThreads: 4, endAfterMs: 0 };
    await using fleet = await Fleet.of(inThreads(['spin', 'wait']), options);
    await Promise.all([1, 2, 3, 4].map(() => fleet.hub.request('w1', 'wait', 200)));
    const calls = [1, 2, 3, 4].map(() => fleet.hub.request('w1', 'spin', 60_000, { timeoutMs: 300 }));
    for (const { status } of await Promise.allSettled(calls)) expect(status).to.equal('rejected');
    await eventually('their threads have ended', () => fleet.ended === 4);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(condemned(fleet)).to.deep.equal([]);
    expect(fleet.ended).to.equal(4);
  });
});
