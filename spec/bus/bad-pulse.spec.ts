import { expect } from 'chai';
import type { Frame } from '../../lib/frame/frame.js';
import { bytes, kinds, number } from '../frame/raw.js';
import { beatOf } from '../hub/hand.js';
import { eventually, sleep } from './moment.js';
import { hello, message, type RawPeer } from './raw-peer.js';
import { beat, Trial } from './trial.js';

const features = ['credit', 'resume', 'streams', 'chunks', 'pulse'];

describe('a strange pulse', () => {
  const trial = Trial.suite({
    limits: { handshakeTimeoutMs: 300, maxGreetings: 100, maxGreetingsPerAddress: 100 },
  });
  const beats = () => trial.hub.stats().beats;
  const isOpen = () => trial.hub.explain('w1').pulse?.open === true;

  /** A worker by hand whose link and pulse beat, and its welcome. */
  async function beating(worker = 'w1') {
    const link = trial.raw();
    const welcome = await link.join(hello(worker, { features }));
    let n = 0;
    const state = { link, welcome, stillMs: 0, pulse: begin() };
    function begin(): RawPeer {
      return trial
        .raw('Pulse')
        .send({ kind: 'pulse', worker, epoch: welcome.epoch, token: welcome.pulseToken ?? '' });
    }
    const timer = setInterval(() => {
      n += 1;
      if (state.stillMs === 0) link.send(beatOf(n));
      else state.stillMs += beat.intervalMs;
      state.pulse.send(
        beatOf(n, { stillMs: state.stillMs, holders: [{ type: 'render.frame', plugin: '', running: true }] }),
      );
    }, beat.intervalMs);
    trial.later(() => clearInterval(timer));
    await eventually(
      'a beat over the pulse',
      () => trial.hub.workers.get(worker)?.load.stillMs !== undefined,
    );
    return { state, begin };
  }

  it('is beside one that is believed: it keeps a worker that stands still for three times lostAfterMs', async () => {
    const { state } = await beating();
    state.stillMs = beat.intervalMs;
    const stalled = await trial.event('stalled', 'w1');
    expect(stalled).to.include({ type: 'render.frame' });
    await sleep(3 * beat.lostAfterMs);
    expect(trial.hub.workers.get('w1')).to.include({ liveness: 'stalled', stalledBy: 'render.frame' });
    state.stillMs = 0;
    const recovered = await trial.event('recovered', 'w1');
    expect(recovered).to.include({ cause: 'ticking' });
    expect(recovered.afterMs).to.be.above(3 * beat.lostAfterMs);
    expect(trial.hub.explain('w1').transitions.map(({ to }) => to)).to.deep.equal([
      'alive',
      'stalled',
      'alive',
    ]);
  });

  for (const [name, more] of Object.entries({
    'a wrong secret': { token: 'guess' },
    'no secret': { token: '' },
    'a wrong epoch': { epoch: '1.000000000000' },
    'an unknown worker': { worker: 'nobody' },
    'the secret of another': { worker: 'healthy' },
  }))
    it(`is refused with ${name}, and the one that beats goes on`, async () => {
      const { state } = await beating();
      const { worker, epoch, pulseToken: token = '' } = state.welcome;
      const refusal = await trial
        .raw('Pulse')
        .send({ kind: 'pulse', worker, epoch, token, ...more }, beatOf(1, { stillMs: 60_000 }))
        .refused();
      expect(refusal).to.include({ code: 'unauthenticated', retryable: false });
      expect(refusal.message).to.equal(
        'no session that lives has this secret: a pulse begins with what the welcome said',
      );
      await sleep(2 * beat.suspectAfterMs);
      expect(trial.hub.workers.get('w1')?.liveness).to.equal('alive');
      expect(isOpen()).to.equal(true);
    });

  it('is refused for a session that is gone', async () => {
    const { state } = await beating();
    state.link.send({ kind: 'bye', reason: 'done', seq: 0 });
    expect(await state.pulse.refused()).to.include({ code: 'closed', retryable: false });
    const { worker, epoch, pulseToken: token = '' } = state.welcome;
    const again = trial.raw('Pulse').send({ kind: 'pulse', worker, epoch, token });
    expect(await again.refused()).to.include({ code: 'unauthenticated', retryable: false });
  });

  const first: Record<string, (peer: RawPeer) => unknown> = {
    'a greeting': (peer) => peer.send(hello('odd')),
    'a message': (peer) => peer.send(message(1, 'echo')),
    'a beat': (peer) => peer.send(beatOf(1, {})),
    'no batch': (peer) => peer.bytes(Buffer.from('GET / HTTP/1.1')),
    'much too much': (peer) => peer.bytes(Buffer.alloc(200_000, 1)),
  };
  for (const [name, say] of Object.entries(first))
    it(`is refused where it begins with ${name}`, async () => {
      const peer = trial.raw('Pulse');
      say(peer);
      expect(await peer.refused()).to.include({ code: 'protocol', retryable: false });
      expect(trial.hub.workers.has('odd')).to.equal(false);
    });

  it('is given up when it does not begin', async () => {
    const before = performance.now();
    const refusal = await trial.raw('Pulse').refused();
    expect(refusal.code).to.equal('handshake-failed');
    expect(performance.now() - before).to.be.within(250, 1_500);
  });

  const later: Record<string, Frame> = {
    'a message': message(1, 'echo'),
    'a bye': { kind: 'bye', reason: 'done', seq: 0 },
    'another pulse': { kind: 'pulse', worker: 'healthy', epoch: '', token: '' },
  };
  for (const [name, frame] of Object.entries(later))
    it(`ends with ${name}, and its worker goes on without`, async () => {
      const { state, begin } = await beating();
      state.pulse.send(frame);
      expect(await state.pulse.refused()).to.include({ code: 'protocol', retryable: false });
      expect((await trial.event('fault', 'w1')).error).to.have.property('code', 'protocol');
      await sleep(beat.suspectAfterMs);
      expect(isOpen()).to.equal(false);
      state.pulse = begin();
      await eventually('another pulse', isOpen);
      expect(trial.hub.workers.get('w1')?.liveness).to.equal('alive');
    });

  it('has beats that are read over: repeated, old, negative, without end', async () => {
    const { state } = await beating();
    const before = beats().ignored;
    const progress = (body: number[]) =>
      Buffer.from(bytes(1, bytes(kinds.beat, [...number(1, 900), ...bytes(8, body)])));
    state.pulse
      .send(beatOf(1, { stillMs: 5_000 }), beatOf(0, { stillMs: 5_000 }))
      .bytes(progress(number(2, -5n)))
      .bytes(progress(number(2, 2n ** 64n - 1n)))
      .bytes(progress([...number(2, 5_000), ...number(6, 2n ** 60n)]))
      .send(
        beatOf(901, { stillMs: 5_000, holders: Array(400).fill({ type: 'x', plugin: '', running: true }) }),
      );
    await eventually('beats that are left out', () => beats().ignored === before + 6);
    await sleep(4 * beat.intervalMs);
    expect(trial.events('stalled')).to.deep.equal([]);
    expect(beats().ignored, 'those after').to.equal(before + 6);
  });

  it('is one of thousands, and nobody else is hurt', async function () {
    this.timeout(30_000);
    const { state } = await beating();
    const { worker, epoch } = state.welcome;
    let refused = 0;
    for (let round = 0; round < 20; round += 1) {
      const peers = Array.from({ length: 100 }, () =>
        trial
          .raw('Pulse')
          .send({ kind: 'pulse', worker, epoch, token: 'guess' }, beatOf(1, { stillMs: 9_000 })),
      );
      await Promise.all(peers.map((peer) => peer.gone()));
      refused += peers.filter(({ frames }) => frames.some(({ kind }) => kind === 'refusal')).length;
      for (const peer of peers) peer.close();
    }
    expect(refused).to.equal(2_000);
    expect(beats().refused).to.equal(2_000);
    await trial.servesHealthy('during');
    for (const kind of ['suspect', 'stalled', 'lost'] as const) expect(trial.events(kind)).to.deep.equal([]);
    expect(isOpen()).to.equal(true);
  });
});
