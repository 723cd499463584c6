import { expect } from 'chai';
import fc from 'fast-check';
import { Backoff } from '../../lib/time/backoff.js';

const bounds = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.next());

describe('Backoff', () => {
  it('doubles the bound of its waits up to the longest', () => {
    const backoff = new Backoff(50, 1_000, () => 1);
    expect(bounds(backoff, 8)).to.deep.equal([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('begins anew when told to', () => {
    const backoff = new Backoff(50, 1_000, () => 1);
    bounds(backoff, 5);
    backoff.reset();
    expect(backoff.next()).to.equal(50);
  });

  it('jitters over all of the bound, so that a fleet does not dial in step', () => {
    expect(bounds(new Backoff(50, 1_000, () => 0), 3)).to.deep.equal([0, 0, 0]);
    expect(bounds(new Backoff(50, 1_000, () => 0.5), 3)).to.deep.equal([25, 50, 100]);
  });

  it('waits at least as long as the hub asked for, and the jitter on top', () => {
    expect(new Backoff(50, 1_000, () => 0.5).next(2_000)).to.equal(2_025);
  });

  it('stays within its bounds, however often it was tried', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 0, max: 3_000 }),
        (random, tries, floorMs) => {
          const backoff = new Backoff(50, 1_000, () => random);
          for (let i = 1; i < tries; i++) backoff.next();
          const waitMs = backoff.next(floorMs);
          expect(waitMs).to.be.at.least(floorMs);
          expect(waitMs - floorMs).to.be.at.most(1_000);
        },
      ),
    );
  });
});
