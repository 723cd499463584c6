import { expect } from 'chai';
import { beatOf } from '../hub/hand.js';
import { Child } from './child.js';
import { eventually, sleep } from './moment.js';
import { hello } from './raw-peer.js';
import { Trial } from './trial.js';

/** Beats that have room for a machine that opens 2,000 connections meanwhile: none may come late by an interval. */
const beat = { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000, stalledAfterMs: 2_000 };
const count = 2_000;
const features = ['credit', 'resume', 'streams', 'chunks', 'pulse'];

describe('pulses that never say a word', function () {
  this.timeout(60_000);
  const trial = Trial.suite({ beat, limits: { handshakeTimeoutMs: 2_000 } }, { healthy: false });

  it('are 2,000 at once: each is refused, and the beats of others are in time', async () => {
    const ids = ['w1', 'w2', 'w3'];
    const workers = new Child('busy', { hub: trial.address, ids });
    trial.later(() => workers.end());
    await workers.ready();
    for (const id of ids)
      await eventually(`the pulse of ${id}`, () => trial.hub.explain(id).pulse?.open === true);
    const before = trial.hub.stats().beats;
    const silent = new Child('silent', { address: trial.address, count });
    trial.later(() => silent.end());
    // Each call ends though its peer never ends its own half, and nothing of it stays.
    await silent
      .tells('that all have ended', ({ ended }) => ended === count, 45_000)
      .catch(() => expect.fail(`of ${count} have ended: ${JSON.stringify(silent.told.at(-1))}`));
    expect(silent.told.at(-1)).to.include({ refused: count, broken: 0 });
    // One who joins meanwhile or later finds a place.
    const late = new Child('busy', { hub: trial.address, ids: ['w4'] });
    trial.later(() => late.end());
    await late.ready();
    await eventually('the pulse of w4', () => trial.hub.explain('w4').pulse?.open === true);
    await sleep(beat.intervalMs);
    const { beats } = trial.hub.stats();
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

describe('a pulse that turns into noise', () => {
  const trial = Trial.suite({}, { healthy: true });

  it('ends with the first bytes that are no batch, and its worker and all others go on', async () => {
    const link = trial.raw();
    const { worker, epoch, pulseToken: token = '' } = await link.join(hello('w1', { features }));
    const pulse = trial.raw('Pulse').send({ kind: 'pulse', worker, epoch, token }, beatOf(1, {}));
    await eventually('its pulse', () => trial.hub.explain('w1').pulse?.open === true);
    pulse.bytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(await pulse.refused()).to.include({ code: 'protocol', retryable: false });
    link.send(beatOf(1));
    await sleep(100);
    expect(trial.hub.explain('w1').pulse?.open).to.equal(false);
    for (const id of ['w1', 'healthy']) expect(trial.hub.workers.get(id)?.liveness, id).to.equal('alive');
  });
});
