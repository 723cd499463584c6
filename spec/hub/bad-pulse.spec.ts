import { expect } from 'chai';
import { encodeBatch } from '../../lib/frame/codec.js';
import type { Beat, Frame, Progress } from '../../lib/frame/frame.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus } from './bus.js';
import { beatOf, greeting, HandPulse, HandWorker, messageOf } from './hand.js';

const begun = async (limits = {}) => {
  const bus = await Bus.of({ limits });
  const hand = await HandWorker.join(bus);
  const other = await HandWorker.join(bus, 'w2');
  bus.happened();
  return {
    bus,
    hand,
    other,
    async end() {
      for (const each of [hand, other]) each.end();
      await bus.close();
    },
  };
};

const dialled = async (bus: Bus, make: (pulse: HandPulse) => void) => {
  const pulse = new HandPulse(bus, 'stranger');
  make(pulse);
  await bus.clock.settle();
  return pulse;
};

/** Both workers go on: link, pulse and grade. */
const unhurt = async (bus: Bus) => {
  await bus.clock.advance(5_000);
  const grades = ['w1', 'w2'].map((id) => bus.hub.workers.get(id)?.liveness);
  expect(grades).to.deep.equal(['alive', 'alive']);
  expect(bus.hub.stats().beats).to.include({ pulses: 2, lateMs: 0 });
  expect(bus.happened()).to.deep.equal([]);
};

describe('a pulse that is not believed', () => {
  noUnhandledRejections();

  it('is refused in the same words whatever is wrong: token, epoch, worker, or a session that is over', async () => {
    const { bus, hand, other, end } = await begun();
    const { welcome } = hand;
    const plain = await HandWorker.join(bus, 'w3', { pulse: false, more: { features: ['credit'] } });
    const gone = await HandWorker.join(bus, 'w4');
    gone.link.send({ kind: 'bye', reason: 'done', seq: 0 });
    gone.stop();
    const lost = await HandWorker.join(bus, 'w5');
    lost.kill();
    await bus.clock.advance(11_000);
    expect(bus.hub.workers.get('w5')?.liveness).to.equal('lost');
    bus.happened();
    const told: unknown[] = [];
    for (const make of [
      (pulse: HandPulse) => pulse.show(welcome, { token: 'guess' }),
      (pulse: HandPulse) => pulse.show(welcome, { token: '' }),
      (pulse: HandPulse) => pulse.show(welcome, { token: welcome.resumeToken }),
      (pulse: HandPulse) => pulse.show(welcome, { token: other.welcome.pulseToken ?? '' }),
      (pulse: HandPulse) => pulse.show(welcome, { token: 'x'.repeat(60_000) }),
      (pulse: HandPulse) => pulse.show(welcome, { epoch: 'e1' }),
      (pulse: HandPulse) => pulse.show(welcome, { epoch: '' }),
      (pulse: HandPulse) => pulse.show({ ...welcome, worker: 'w2' }),
      (pulse: HandPulse) => pulse.show({ ...welcome, worker: 'nobody' }),
      (pulse: HandPulse) => pulse.show({ ...welcome, worker: '__proto__' }),
      (pulse: HandPulse) => pulse.show(plain.welcome),
      (pulse: HandPulse) => pulse.show(gone.welcome),
      (pulse: HandPulse) => pulse.show(lost.welcome),
    ]) {
      const pulse = await dialled(bus, (each) => make(each).beat({ stillMs: 9_000 }));
      expect(pulse.ended).to.equal(true);
      told.push(...pulse.frames);
    }
    expect(new Set(told.map((frame) => JSON.stringify(frame)))).to.have.length(1);
    expect(told[0]).to.deep.equal({
      ...{ kind: 'refusal', code: 'unauthenticated', retryable: false, retryAfterMs: 0, details: {} },
      message: 'no session that lives has this secret: a pulse begins with what the welcome said',
    });
    expect(bus.hub.stats().beats.refused).to.equal(13);
    plain.end();
    await bus.clock.advance(11_000);
    bus.happened();
    await unhurt(bus);
    await end();
  });

  it('is refused where it does not begin with a pulse, is too large, cannot be read, or does not begin', async () => {
    const { bus, hand, end } = await begun({ handshakeTimeoutMs: 300, maxHelloBytes: 1_000 });
    const codes: string[][] = [];
    for (const make of [
      (pulse: HandPulse) => pulse.beat(),
      (pulse: HandPulse) => pulse.send(greeting('w9')),
      (pulse: HandPulse) => pulse.show(hand.welcome, { token: 'x'.repeat(2_000) }),
      (pulse: HandPulse) => pulse.bytes(Buffer.from('no batch')),
      (pulse: HandPulse) => void pulse.link.close(),
      () => {},
    ]) {
      const pulse = await dialled(bus, make);
      await bus.clock.advance(400);
      expect(pulse.ended).to.equal(true);
      codes.push(pulse.heard);
    }
    expect(codes).to.deep.equal([
      ['protocol'],
      ['protocol'],
      ['protocol'],
      ['protocol'],
      [],
      ['handshake-failed'],
    ]);
    expect(bus.hub.workers.has('w9')).to.equal(false);
    await unhurt(bus);
    await end();
  });

  it('that is replaced changes nothing any more, and its end is no end of the one that took its place', async () => {
    const { bus, hand, end } = await begun();
    const old = hand.pulse as HandPulse;
    await hand.dialPulse();
    await bus.clock.advance(10);
    expect([old.ended, old.heard]).to.deep.equal([true, []]);
    await bus.clock.advance(5_000);
    await unhurt(bus);
    await end();
  });

  it('that a pulse replaces while its beats are under way stalls nobody', async () => {
    const { bus, hand, end } = await begun();
    const old = hand.pulse as HandPulse;
    bus.network.latency('w1 pulse', 'hub', 400);
    old.beat({ stillMs: 60_000 });
    bus.network.latency('w1 pulse', 'hub', 0);
    hand.pulse = new HandPulse(bus, 'elsewhere').show(hand.welcome).beat();
    await unhurt(bus);
    await end();
  });

  for (const [name, frame] of Object.entries({
    'a message': messageOf(1, 'x'),
    'a hello': greeting('w1'),
    'a second pulse': { kind: 'pulse', worker: 'w2', epoch: '', token: '' },
    'a bye': { kind: 'bye', reason: 'done', seq: 0 },
    'a drain': { kind: 'drain' },
    'an announcement': { kind: 'announce', handles: [] },
    'a credit': { kind: 'credit', messages: 1e6, bytes: 1e9 },
    'an acknowledgement': { kind: 'ack', seq: 77 },
    'a cancel': { kind: 'cancel', re: 1, reason: '' },
    'a redial': { kind: 'redial', reason: '' },
  } satisfies Record<string, Frame>))
    it(`ends with ${name}, and nothing else does`, async () => {
      const { bus, hand, end } = await begun();
      hand.pulse?.send(beatOf(5, {}), frame, beatOf(6, { stillMs: 9_000 }));
      hand.pulseBeats = false;
      await bus.clock.settle();
      expect(hand.pulse?.heard).to.deep.equal(['protocol']);
      const [fault] = bus.events;
      expect(fault).to.include({ kind: 'fault', worker: 'w1' });
      expect(fault?.cause).to.include(`sent a ${frame.kind} over its pulse`);
      expect(bus.happened()).to.deep.equal(['fault w1']);
      await bus.clock.advance(5_000);
      expect(hand.pulse?.ended).to.equal(true);
      expect(bus.hub.stats().beats.pulses).to.equal(1);
      expect(bus.hub.workers.get('w1')).to.deep.include({ liveness: 'alive', handles: ['ask'] });
      hand.pulseBeats = true;
      await hand.dialPulse();
      await unhurt(bus);
      await end();
    });

  it('ends with what cannot be read, and with a batch that is too large', async () => {
    const { bus, hand, end } = await begun();
    const large = encodeBatch([
      beatOf(9, { holders: Array(5_000).fill({ type: 'a'.repeat(20), plugin: '', running: true }) }),
    ]);
    for (const bytes of [Buffer.from('no batch'), large]) {
      hand.pulse?.bytes(bytes);
      await bus.clock.settle();
      expect(hand.pulse?.heard).to.deep.equal(['protocol']);
      expect(bus.happened()).to.deep.equal(['fault w1']);
      await hand.dialPulse();
    }
    await unhurt(bus);
    await end();
  });

  const huge = Number.MAX_SAFE_INTEGER;
  const holder = { type: 'a', plugin: '', running: true };
  const absurd: Record<string, [progress: Partial<Progress> | undefined, more?: Partial<Beat>]> = {
    'no progress': [undefined],
    'a number that came before': [{}, { n: 1 }],
    'the number 0': [{}, { n: 0 }],
    'a number without end': [{}, { n: huge }],
    'a stall of more than a day': [{ stillMs: 86_400_001 }],
    'a stall without end': [{ stillMs: huge }],
    'a delay of more than a day': [{ stillMs: 5_000, delayMs: 86_400_001 }],
    'a lateness of more than a day': [{ stillMs: 5_000 }, { lateMs: 86_400_001 }],
    'memory of petabytes': [{ stillMs: 5_000, rssBytes: 2 ** 50 }],
    'hundreds of holders': [{ stillMs: 5_000, holders: Array(300).fill(holder) }],
    'a type of 256 characters': [
      { stillMs: 5_000, holders: [{ type: 'x'.repeat(256), plugin: '', running: true }] },
    ],
    'a plugin of 256 characters': [
      { stillMs: 5_000, holders: [{ type: 'x', plugin: 'x'.repeat(256), running: true }] },
    ],
    'a holder without a name': [{ stillMs: 5_000, holders: [{ type: '', plugin: '', running: true }] }],
    'ticks without end': [{ stillMs: 5_000, ticks: huge }],
    'processor time without end': [{ stillMs: 5_000, cpuMs: huge }],
    'work without end': [{ stillMs: 5_000 }, { handled: huge }],
  };
  for (const [name, [progress, more]] of Object.entries(absurd))
    it(`is read over, and counted, with ${name}`, async () => {
      const { bus, hand, end } = await begun();
      const { load } = bus.hub.workers.get('w1') ?? {};
      hand.pulse?.send(beatOf(2, progress, more));
      await bus.clock.settle();
      expect(bus.hub.stats().beats).to.include({ ignored: 1, received: 2 });
      expect(bus.hub.workers.get('w1')?.load).to.deep.equal(load);
      hand.pulse?.beat();
      await unhurt(bus);
      expect(bus.hub.stats().beats.ignored).to.equal(1);
      await end();
    });

  it('is read to the beat that ends its session, and no further', async () => {
    const bus = await Bus.of({ beat: { stallLimitMs: 5_000, atStallLimit: 'fence' } });
    const hand = await HandWorker.join(bus);
    bus.happened();
    hand.stop();
    hand.pulse?.send(beatOf(2, { stillMs: 6_000 }), beatOf(1, {}), messageOf(1, 'x'));
    await bus.clock.settle();
    expect(bus.happened()).to.deep.equal(['stalled w1', 'lost w1']);
    expect(hand.pulse?.heard).to.deep.equal(['closed']);
    expect(bus.hub.stats().beats.ignored).to.equal(0);
    hand.end();
    await bus.close();
  });

  it('is no sign of life with beats that are read over', async () => {
    const { bus, hand, end } = await begun();
    hand.stop();
    for (let second = 0; second < 9; second += 1) {
      hand.pulse?.send(beatOf(1, {}));
      await bus.clock.advance(1_000);
    }
    expect(bus.happened()).to.deep.equal(['suspect w1']);
    await end();
  });

  it('is believed up to its bounds', async () => {
    const { bus, hand, end } = await begun();
    hand.pulse?.send(
      beatOf(huge - 1, {
        stillMs: 86_400_000,
        rssBytes: 2 ** 48,
        holders: Array(16).fill({ type: 'x'.repeat(255), plugin: 'y'.repeat(255), running: true }),
      }),
    );
    await bus.clock.settle();
    expect(bus.happened()).to.deep.equal(['stalled w1']);
    expect(bus.hub.stats().beats.ignored).to.equal(0);
    await end();
  });

  it('has names that are shown on one line', async () => {
    const { bus, hand, end } = await begun();
    hand.pulse?.beat({
      stillMs: 5_000,
      holders: [{ type: 'a\nworker lost', plugin: '\u001b[31m', running: true }],
    });
    await bus.clock.settle();
    const [event] = bus.events;
    expect(event?.cause).to.equal(
      "a\uFFFDworker lost of plugin '\uFFFD[31m' has held the event loop for 5.0 s",
    );
    expect(event).to.include({ type: 'a\uFFFDworker lost', plugin: '\uFFFD[31m' });
    expect(bus.hub.explain('w1').text.split('\n')).to.have.length(4);
    await end();
  });

  it('sends as fast as it likes, and is heard four times in an interval', async () => {
    const { bus, hand, end } = await begun();
    const pulse = hand.pulse as HandPulse;
    hand.pulseBeats = false;
    for (let second = 0; second < 20; second += 1) {
      for (let n = 0; n < 500; n += 1) pulse.beat({ stillMs: n % 2 === 0 ? 5_000 : 0 });
      await bus.clock.advance(1_000);
    }
    expect(bus.happened().length).to.be.below(64 + 4 * 20 + 5);
    expect(bus.hub.stats().beats.ignored).to.be.above(9_800);
    await end();
  });

  it('is not believed over the link', async () => {
    const { bus, hand, other, end } = await begun();
    for (const each of [hand, other]) each.pulse?.link.abort();
    await bus.clock.settle();
    hand.link.send(beatOf(100, { stillMs: 60_000, rssBytes: 5 }));
    await bus.clock.settle();
    expect(bus.happened()).to.deep.equal([]);
    expect(bus.hub.workers.get('w1')).to.include({ liveness: 'alive' });
    expect(bus.hub.workers.get('w1')?.load).to.not.have.property('rssBytes');
    await end();
  });

  it('fills no place of a greeting, and the other way round; its own are bounded, also for one address', async () => {
    const { bus, end } = await begun({ maxGreetings: 20, maxGreetingsPerAddress: 5 });
    const idle: HandPulse[] = [];
    for (let n = 0; n < 8; n += 1) idle.push(await dialled(bus, () => {}));
    expect(idle.map(({ heard }) => heard.join())).to.deep.equal([
      ...Array(5).fill(''),
      ...Array(3).fill('overflow'),
    ]);
    expect(idle[7]?.frames[0]).to.include({ retryable: true, retryAfterMs: 1_000 });
    for (let n = 0; n < 1_000; n += 1) idle.push(new HandPulse(bus, `s${n}`));
    await bus.clock.settle();
    expect(idle.filter(({ heard }) => heard.length === 0)).to.have.length(20);
    const late = await HandWorker.join(bus, 'w3', { pulse: false });
    expect(late.welcome.worker).to.equal('w3');
    late.end();
    for (const pulse of idle) pulse.link.abort();
    await bus.clock.advance(11_000);
    bus.happened();
    await unhurt(bus);
    await end();
  });

  it('is one for each session, and none counts as a session', async () => {
    const bus = await Bus.of({ limits: { maxSessions: 1, maxSessionsPerAddress: 1 } });
    const hand = await HandWorker.join(bus);
    const pulses = [hand.pulse as HandPulse];
    for (let n = 0; n < 200; n += 1) {
      pulses.push(new HandPulse(bus, `p${n}`).show(hand.welcome).beat());
      await bus.clock.settle();
    }
    expect(bus.hub.stats().beats.pulses).to.equal(1);
    await bus.clock.advance(100);
    expect(pulses.filter(({ ended }) => !ended)).to.deep.equal([pulses.at(-1)]);
    pulses.at(-1)?.link.abort();
    hand.end();
    await bus.close();
  });

  it('ends with its hub', async () => {
    const { bus, hand, other } = await begun();
    hand.stop();
    other.stop();
    const stuck = await dialled(bus, () => {});
    void bus.hub.close();
    await bus.clock.advance(2_000);
    expect([hand, other].map(({ pulse }) => [pulse?.heard, pulse?.ended])).to.deep.equal([
      [['closed'], true],
      [['closed'], true],
    ]);
    expect(stuck.ended).to.equal(true);
    await bus.close();
  });
});
