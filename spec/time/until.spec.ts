import { expect } from 'chai';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { until } from '../../lib/time/until.js';

describe('until', () => {
  it('is true at once for what holds already, and leaves no timer', async () => {
    const clock = virtualClock();
    expect(await until(clock, () => true, 1_000)).to.equal(true);
    expect(clock.pending).to.equal(0);
  });

  it('is true within 5 ms of when it begins to hold', async () => {
    const clock = virtualClock();
    let holds = false;
    let at: number | undefined;
    void until(clock, () => holds, 1_000).then((held) => {
      at = held ? clock.now() : Number.NaN;
    });
    await clock.advance(101);
    expect(at).to.equal(undefined);
    holds = true;
    await clock.advance(100);
    expect(at).to.equal(105);
    expect(clock.pending).to.equal(0);
  });

  it('is false when the time is over, and then looks no more', async () => {
    const clock = virtualClock({ startMs: 77 });
    let looks = 0;
    let at: number | undefined;
    void until(clock, () => ++looks < 0, 50).then((held) => {
      at = held ? Number.NaN : clock.now();
    });
    await clock.advance(200);
    expect(at).to.equal(127);
    expect(looks).to.equal(11);
    expect(clock.pending).to.equal(0);
  });

  it('is false at once for no time at all', async () => {
    expect(await until(virtualClock(), () => false, 0)).to.equal(false);
  });
});
