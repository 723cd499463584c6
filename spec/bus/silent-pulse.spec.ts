import { expect } from 'chai';
import { Child } from './child.js';
import { eventually, sleep } from './moment.js';
import { Trial } from './trial.js';

const beat = { intervalMs: 500, suspectAfterMs: 1_500, lostAfterMs: 5_000, stalledAfterMs: 1_000 };
const count = 2_000;

describe('pulses that never say a word', function () {
  this.timeout(30_000);
  const trial = Trial.suite({ beat, limits: { handshakeTimeoutMs: 2_000 } }, { healthy: false });

  it('are 2,000 at once: each is refused, and the beats of others are in time', async () => {
    const ids = ['w1', 'w2', 'w3'];
    const workers = new Child('busy', { hub: trial.address, ids });
    trial.later(() => workers.end());
    await workers.ready();
    for (const id of ids)
      await eventually(`the pulse of ${id}`, () => trial.hub.explain(id).pulse?.open === true);
    const before = trial.hub.stats().beats;
    const since = performance.now();
    const silent = new Child('silent', { address: trial.address, count });
    trial.later(() => silent.end());
    await silent.tells('that all have ended', ({ ended }) => ended === count, 20_000);
    expect(silent.told.at(-1)).to.include({ ended: count, refused: count, broken: 0 });
    // One who joins meanwhile or later finds a place.
    const late = new Child('busy', { hub: trial.address, ids: ['w4'] });
    trial.later(() => late.end());
    await late.ready();
    await eventually('the pulse of w4', () => trial.hub.explain('w4').pulse?.open === true);
    await sleep(beat.intervalMs);
    const { beats } = trial.hub.stats();
    console.log(
      performance.now() - since,
      before,
      beats,
      trial.hubEvents.filter((e) => e.kind === 'lagged'),
    );
    expect(beats.refused - before.refused).to.equal(count);
    // A missed beat would be an interval late.
    expect(beats.worstMs, 'the latest beat').to.be.below(beat.intervalMs);
    for (const id of [...ids, 'w4'])
      expect(
        trial.hub.explain(id).transitions.map(({ to }) => to),
        id,
      ).to.deep.equal(['alive']);
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });
});
