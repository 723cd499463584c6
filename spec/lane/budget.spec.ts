import { expect } from 'chai';
import fc from 'fast-check';
import { Budget, type Holding } from '../../lib/lane/budget.js';
import { numbers } from './rig.js';

/** Takes so long as it gets something. */
function fill(holding: Holding, bytes = 1): number {
  for (let left = 20_000; left > 0 && holding.take(bytes); left -= 1);
  return holding.bytes;
}

describe('a budget that peers share', () => {
  it('gives one peer as much as it leaves free in the half for all, and no more', () => {
    const budget = new Budget(1_024);
    expect(fill(budget.open())).to.equal(256);
    expect(fill(budget.open()), 'the next one, of the rest').to.equal(128);
  });

  it('gives everything to a peer that is alone for good', () => {
    const alone = new Budget(1_024, true).open();
    expect(fill(alone)).to.equal(1_024);
    expect(alone.over).to.equal(false);
  });

  it('keeps a part for sixteen, though as many others come before, one by one, and take nothing', () => {
    const budget = new Budget(1_024);
    for (const n of numbers(15)) expect(fill(budget.open()), `hog ${n}`).to.be.at.least(32);
    const late = budget.open();
    expect(late.take(32)).to.equal(true);
    expect(budget.used).to.be.at.most(1_024);
  });

  it('never refuses a peer that holds no more than its part, whatever a thousand others hold', () => {
    const budget = new Budget(1e6);
    const [first, ...others] = numbers(1_000).map(() => budget.open());
    for (const hog of others) fill(hog, 50);
    expect(budget.used).to.be.above(0.99e6);
    expect(budget.part).to.equal(500);
    expect(numbers(10).every(() => first?.take(50))).to.equal(true);
    expect(first?.take(50)).to.equal(false);
    expect(budget.used).to.be.at.most(1e6);
  });

  it('holds both promises, the bound and the part, whatever peers take and give', () => {
    const step = fc.record({ who: fc.nat(), bytes: fc.integer({ min: 1, max: 400 }), gives: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 600 }), (count, steps) => {
        const budget = new Budget(3_000);
        const peers = numbers(count).map(() => budget.open());
        for (const { who, bytes, gives } of steps) {
          const peer = peers[who % count] as Holding;
          if (gives) peer.give(Math.min(bytes, peer.bytes));
          else {
            const within = peer.bytes + bytes <= budget.part;
            expect(peer.take(bytes) || !within, `${bytes} more than ${peer.bytes}`).to.equal(true);
          }
          expect(budget.used).to.equal(peers.reduce((sum, each) => sum + each.bytes, 0));
          expect(budget.used).to.be.at.most(3_000);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets something larger than any part pass where nothing at all is held', () => {
    const budget = new Budget(1_024);
    const [one, other] = [budget.open(), budget.open()];
    expect(one.take(1_025)).to.equal(false);
    expect(one.take(1_000)).to.equal(true);
    expect(other.take(25), 'beyond all').to.equal(false);
    expect(other.take(24)).to.equal(true);
    one.give(1_000);
    expect(one.take(1_000), 'something is held').to.equal(false);
  });

  it('gives the part of a peer that has left to the others', () => {
    const budget = new Budget(1_024);
    const peers = numbers(64).map(() => budget.open());
    expect(budget.part).to.equal(8);
    for (const peer of peers.slice(32)) {
      peer.close();
      peer.close();
    }
    expect(budget.part).to.equal(16);
  });

  it('says of a peer that it holds too much only if that is more than its part', () => {
    const budget = new Budget(1_024);
    const [one, other] = [budget.open(), budget.open()];
    const outcome = (bytes: number) => ({
      frame: {
        kind: 'outcome' as const,
        seq: 0,
        re: 1,
        status: 'value' as const,
        payload: new Uint8Array(0),
        codec: '',
      },
      bytes,
      kept: true,
    });
    one.hold(outcome(2_000));
    other.hold(outcome(32));
    expect([one.over, other.over]).to.deep.equal([true, false]);
    other.hold(outcome(1));
    expect(other.over).to.equal(true);
    one.give(2_000);
    expect([one.over, other.over]).to.deep.equal([false, false]);
  });

  it('tells those who wait, once each, when something is given back', () => {
    const budget = new Budget(1_024);
    const peer = budget.open();
    const told: string[] = [];
    const again = () => {
      told.push('again');
      if (told.length < 9) budget.whenFreed(again);
    };
    budget.whenFreed(again);
    budget.whenFreed(() => told.push('once'));
    peer.take(2);
    expect(told).to.deep.equal([]);
    peer.give(1);
    expect(told).to.deep.equal(['again', 'once']);
    peer.give(1);
    expect(told).to.deep.equal(['again', 'once', 'again']);
    peer.close();
    expect(told, 'the parts of the others have grown').to.deep.equal(['again', 'once', 'again', 'again']);
  });
});
