import { expect } from 'chai';
import { any, definePlugin, type HubOptions, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, Stranger, watched } from './bus.js';
import { beatOf, greeting, HandWorker, messageOf } from './hand.js';

/** What the hub says of its workers since it was last asked, with the time of the bus. */
const story = ({ events }: Bus) =>
  events
    .splice(0)
    .map(({ kind, at, cause, afterMs }) =>
      [at - Date.UTC(2020, 0, 1), kind, cause, ...(afterMs === undefined ? [] : [afterMs])].join(' '),
    );

const begun = async (options: HubOptions = {}) => {
  const bus = await Bus.of(options);
  const hand = await HandWorker.join(bus);
  story(bus);
  return { bus, hand, end: () => finish(bus, hand) };
};

async function finish(bus: Bus, ...hands: HandWorker[]) {
  for (const hand of hands) hand.end();
  await bus.close();
}

const w1 = ({ hub }: Bus) => {
  const info = hub.workers.get('w1');
  if (info === undefined) return expect.fail('there is no w1');
  return info;
};

describe('a pulse', () => {
  noUnhandledRejections();

  it('gets a secret in the welcome where the worker has the feature, and none elsewhere', async () => {
    const { bus, hand, end } = await begun();
    expect(hand.welcome.pulseToken).to.match(/^[\w-]{32}$/);
    expect(hand.welcome.pulseToken).to.not.equal(hand.welcome.resumeToken);
    const other = await HandWorker.join(bus, 'w2', {
      pulse: false,
      more: { features: ['credit', 'resume'] },
    });
    expect(other.welcome).to.not.have.property('pulseToken');
    expect(JSON.stringify([bus.hub.workers.get('w1'), bus.hub.explain('w1'), bus.events])).to.not.include(
      hand.welcome.pulseToken,
    );
    other.end();
    await end();
  });

  it('of a worker that drains shows it stalled, and draining again', async () => {
    const { bus, hand, end } = await begun();
    hand.link.send({ kind: 'drain' });
    hand.stand('render.frame');
    await bus.clock.advance(4_500);
    expect(w1(bus).liveness).to.equal('stalled');
    hand.turn();
    await bus.clock.advance(1_000);
    expect(w1(bus).liveness).to.equal('draining');
    expect(
      w1(bus).history.map(({ to, cause }) => `${to} ${to === 'stalled' ? '' : cause}`.trim()),
    ).to.deep.equal(['alive joined', 'draining the worker said so', 'stalled', 'draining ticking']);
    expect(story(bus).at(-1)).to.match(/^5000 recovered ticking/);
    await end();
  });

  it('and its link say nothing while nothing happens', async () => {
    const { bus, end } = await begun();
    await bus.clock.advance(120_000);
    expect(story(bus)).to.deep.equal([]);
    expect(bus.hub.stats().beats).to.deep.equal({
      ...{ received: 241, lateMs: 0, worstMs: 0 },
      ...{ pulses: 1, worstDelayMs: 0, ignored: 0, refused: 0 },
    });
    await end();
  });

  it('keeps a worker whose loop stands still for a minute, and says who holds it', async () => {
    const { bus, hand, end } = await begun();
    const { epoch } = w1(bus);
    const asked = watched(bus.hub.request('w1', 'ask', 1, { timeoutMs: 100_000 }));
    await bus.clock.advance(500);
    hand.stand('render.frame');
    await bus.clock.advance(5_000);
    expect(w1(bus)).to.include({ liveness: 'stalled', stalledBy: 'render.frame', epoch });
    expect(bus.hub.stats().peers).to.include({ stalled: 1, alive: 0 });
    await bus.clock.advance(55_000);
    hand.turn();
    await bus.clock.advance(10_000);
    expect(story(bus)).to.deep.equal([
      '3000 stalled render.frame has held the event loop for 2.5 s 2500',
      '61000 recovered ticking 60500',
    ]);
    expect(w1(bus)).to.include({ liveness: 'alive', stalledBy: undefined, epoch });
    expect(asked.done).to.equal(false);
    hand.end();
    await end();
    expect(asked.done).to.equal(true);
  });

  it('names type and plugin in the event where it is certain, and says so where it is not', async () => {
    for (const [holders, words, more, by] of [
      [['a of acme'], "a of plugin 'acme'", { type: 'a', plugin: 'acme' }, 'a'],
      [['a?'], 'a, or code outside of the handlers', {}, 'a, or code outside of the handlers'],
      [
        ['a', 'b of acme'],
        "one of a, b of plugin 'acme', or code outside of the handlers",
        {},
        'one of a, b, or code outside of the handlers',
      ],
      [[], 'code outside of the handlers', {}, 'code outside of the handlers'],
    ] as const) {
      const { bus, hand, end } = await begun();
      hand.stand(...holders);
      await bus.clock.advance(2_500);
      const [event] = bus.events;
      expect(event).to.deep.equal({
        ...{ kind: 'stalled', worker: 'w1', cause: `${words} has held the event loop for 2.0 s` },
        ...{ epoch: w1(bus).epoch, afterMs: 2_000, at: Date.UTC(2020, 0, 1) + 2_000 },
        ...more,
      });
      expect(w1(bus).stalledBy).to.equal(by);
      await end();
    }
  });

  it('that says who holds the loop is heard with the main link silent, closed, or resumed', async () => {
    const { bus, hand, end } = await begun();
    hand.stand('render.frame');
    await bus.clock.advance(4_500);
    bus.network.cut('w1');
    await bus.clock.advance(30_000);
    hand.turn();
    await hand.resume();
    await bus.clock.advance(10_000);
    expect(story(bus)).to.deep.equal([
      '2000 stalled render.frame has held the event loop for 2.0 s 2000',
      '34500 recovered attached 34500',
    ]);
    await end();
  });

  it('of a stalled worker keeps any() away, and what is sent to it waits', async () => {
    const { bus, hand, end } = await begun();
    const other = await HandWorker.join(bus, 'w2');
    hand.stand('render.frame');
    await bus.clock.advance(3_000);
    for (const each of [hand, other]) each.link.send({ kind: 'credit', messages: 100, bytes: 1e6 });
    await bus.clock.settle();
    for (let n = 0; n < 10; n += 1) void bus.hub.request(any(), 'ask', n).catch(() => {});
    const sent = watched(bus.hub.send('w1', 'ask', 'wait', { timeoutMs: 60_000 }));
    await bus.clock.advance(3_000);
    expect(other.link.of('message')).to.have.length(10);
    expect(sent.done).to.equal(false);
    await bus.hub.waitFor(2);
    hand.link.send({ kind: 'ack', seq: 1 });
    await bus.clock.settle();
    expect(sent.done).to.equal(true);
    other.end();
    await end();
  });

  it('under a half-open link has it dropped, and the worker dial again; it resumes', async () => {
    const { bus, hand, end } = await begun();
    const { epoch } = w1(bus);
    await bus.clock.advance(4_500);
    hand.linkBeats = false;
    bus.network.partition('hub', 'w1');
    await bus.clock.advance(3_000);
    expect(story(bus)).to.deep.equal(['7000 suspect link 3000']);
    expect(hand.pulse?.heard).to.deep.equal(['redial']);
    bus.network.heal();
    await bus.clock.advance(200);
    expect(hand.link.ended).to.equal(true);
    hand.linkBeats = true;
    await hand.resume();
    expect(story(bus)).to.deep.equal(['7700 recovered attached 3700']);
    expect(w1(bus)).to.include({ liveness: 'alive', epoch });
    expect(hand.pulse?.heard).to.deep.equal(['redial']);
    await end();
  });

  it('does not keep a worker whose link does not come back', async () => {
    const { bus, hand, end } = await begun();
    const asked = watched(bus.hub.request('w1', 'ask', 1));
    await bus.clock.advance(4_500);
    hand.linkBeats = false;
    await bus.clock.advance(15_000);
    expect(story(bus)).to.deep.equal(['7000 suspect link 3000', '14000 lost link 10000']);
    expect(asked.error).to.deep.include({ code: 'peer-lost', retryable: true });
    expect(hand.pulse?.heard).to.deep.equal(['redial', 'closed']);
    expect(hand.pulse?.ended).to.equal(true);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('lost');
    await hand.resume();
    expect(bus.happened()).to.deep.equal(['fenced w1', 'joined w1']);
    expect(w1(bus).history.at(-1)).to.include({ to: 'alive', cause: 'joined', beforeMs: 5_500 });
    await end();
  });

  it('that lives makes the quick return of a link no event; it is asked to dial where it is slow', async () => {
    const { bus, hand, end } = await begun();
    await bus.clock.advance(4_500);
    bus.network.cut('w1');
    await bus.clock.advance(1_000);
    await hand.resume();
    await bus.clock.advance(5_000);
    expect(story(bus)).to.deep.equal([]);
    bus.network.cut('w1');
    await bus.clock.advance(5_000);
    expect(story(bus)).to.deep.equal(['13500 suspect link 3500']);
    expect(hand.pulse?.heard).to.deep.equal(['redial']);
    const again = await hand.dialPulse();
    expect(again.heard, 'what was said may never have arrived').to.deep.equal(['redial']);
    await hand.resume();
    await bus.clock.advance(5_000);
    expect(story(bus)).to.have.length(1);
    await end();
  });

  it('that is cut under a live link is no event, nor is its return', async () => {
    const { bus, hand, end } = await begun();
    await bus.clock.advance(4_500);
    bus.network.cut('w1 pulse');
    await bus.clock.advance(20_000);
    expect(bus.hub.stats().beats.pulses).to.equal(0);
    await hand.dialPulse();
    await bus.clock.advance(20_000);
    expect(story(bus)).to.deep.equal([]);
    expect(bus.hub.stats().beats).to.include({ pulses: 1, lateMs: 0, ignored: 0 });
    await end();
  });

  it('that is silent under a live link is let go of, and no event', async () => {
    const { bus, hand, end } = await begun();
    await bus.clock.advance(4_500);
    hand.pulseBeats = false;
    await bus.clock.advance(20_000);
    expect(story(bus)).to.deep.equal([]);
    expect([hand.pulse?.ended, hand.pulse?.heard]).to.deep.equal([true, []]);
    await end();
  });

  it('breaks with its link where the process is killed: suspect at once, lost after 10 s', async () => {
    const { bus, hand, end } = await begun();
    await bus.clock.advance(4_500);
    hand.kill();
    await bus.clock.advance(20_000);
    expect(story(bus)).to.deep.equal(['4500 suspect peer-lost 500', '14000 lost lost 10000']);
    await end();
  });

  it('breaks with its link though the lane is full, and the death is found', async () => {
    const { bus, hand, end } = await begun({
      handlers: [handler('hang', () => new Promise(() => {}))],
      lane: { concurrency: 2, capacity: 64 },
    });
    for (let seq = 1; seq <= 64; seq += 1) hand.link.send(messageOf(seq, 'hang'));
    await bus.clock.advance(4_500);
    expect(bus.hub.stats().delivery.received.refused.overflow, 'more than the lane takes').to.be.above(0);
    hand.kill();
    await bus.clock.advance(12_000);
    expect(story(bus).filter((each) => !each.includes('overflow'))).to.deep.equal([
      '4500 suspect peer-lost 500',
      '14000 lost lost 10000',
    ]);
    await end();
  });

  it('is silent with its link where the process is stopped: suspect after 3 s, lost after 10 s, new after that', async () => {
    const { bus, hand, end } = await begun();
    await bus.clock.advance(4_500);
    bus.network.partition('hub', ['w1', 'w1 pulse']);
    await bus.clock.advance(15_000);
    expect(story(bus)).to.deep.equal(['7000 suspect silent 3000', '14000 lost lost 10000']);
    bus.network.heal();
    await bus.clock.advance(100);
    expect(hand.pulse?.ended).to.equal(true);
    expect((await hand.dialPulse()).heard, 'with the old secret').to.deep.equal(['unauthenticated']);
    await hand.resume();
    expect(bus.happened().filter((each) => each !== 'fenced w1')).to.deep.equal(['joined w1']);
    await end();
  });

  it('of both silences recovers with the first sign, and the link is not dropped for it', async () => {
    const { bus, end } = await begun();
    await bus.clock.advance(500);
    bus.network.partition('hub', ['w1', 'w1 pulse']);
    await bus.clock.advance(6_000);
    bus.network.heal();
    await bus.clock.advance(20_000);
    expect(story(bus)).to.deep.equal(['3000 suspect silent 3000', '6500 recovered heard 6500']);
    await end();
  });

  it('counts as life where somebody else wants the id of a stalled worker', async () => {
    const { bus, hand, end } = await begun();
    hand.stand('render.frame');
    await bus.clock.advance(4_000);
    const thief = new Stranger(bus, 'thief').send(greeting('w1', { incarnation: 'another' }));
    await bus.clock.advance(4_000);
    expect(thief.of('refusal')[0]).to.include({ code: 'id-in-use', retryable: true });
    bus.network.cut('w1');
    await bus.clock.advance(500);
    const second = new Stranger(bus, 'second').send(greeting('w1', { incarnation: 'another' }));
    await bus.clock.advance(4_000);
    expect(second.of('refusal')[0]).to.include({ code: 'id-in-use' });
    expect(w1(bus).liveness).to.equal('stalled');
    await end();
  });

  it('of the same process does not keep it from beginning anew', async () => {
    const { bus, hand, end } = await begun();
    const { epoch } = w1(bus);
    await bus.clock.advance(500);
    bus.network.cut('w1');
    await bus.clock.settle();
    await hand.greet();
    await bus.clock.advance(100);
    expect(w1(bus)).to.include({ liveness: 'alive' });
    expect(w1(bus).epoch).to.not.equal(epoch);
    expect(hand.pulse?.heard).to.deep.equal(['closed']);
    await end();
  });

  it('of the same process does not speak for a link that is silent', async () => {
    const { bus, hand, end } = await begun();
    const { epoch } = w1(bus);
    hand.linkBeats = false;
    const again = new Stranger(bus, 'again').send(greeting('w1'));
    await bus.clock.advance(3_500);
    expect(again.of('welcome')[0]?.epoch).to.be.a('string').and.not.equal(epoch);
    again.link.abort();
    await end();
  });

  for (const [name, pulse] of [
    ['with pulses', true],
    ['without', false],
  ] as const)
    it(`of 200 workers ${name}: a hub that was held up for 8 s suspects nobody, and says once that it lagged`, async function () {
      this.timeout(20_000);
      const bus = await Bus.of();
      const hands: HandWorker[] = [];
      for (let n = 0; n < 200; n += 1) hands.push(await HandWorker.join(bus, `w${n}`, { pulse }));
      await bus.clock.advance(3_300);
      bus.happened();
      hands[7]?.stand('render.frame');
      if (pulse) await bus.clock.advance(0);
      else hands[7]?.turn();
      bus.machine('hub').hold();
      await bus.clock.advance(8_000);
      hands[5]?.kill();
      await bus.clock.advance(100);
      bus.machine('hub').release();
      await bus.clock.advance(900);
      const said = bus.happened().sort();
      expect(said).to.deep.equal(pulse ? ['lagged', 'stalled w7', 'suspect w5'] : ['lagged', 'suspect w5']);
      hands[7]?.turn();
      await bus.clock.advance(20_000);
      expect(bus.happened().sort()).to.deep.equal(pulse ? ['lost w5', 'recovered w7'] : ['lost w5']);
      await finish(bus, ...hands);
    });

  it('tells a limit of a stall once, and goes on', async () => {
    const { bus, hand, end } = await begun({ beat: { stallLimitMs: 5_000 } });
    hand.stand('render.frame');
    await bus.clock.advance(20_000);
    expect(story(bus)).to.deep.equal([
      '2000 stalled render.frame has held the event loop for 2.0 s 2000',
      '5000 stalled render.frame has held the event loop for 5.0 s: over the limit 5000',
    ]);
    expect(w1(bus).liveness).to.equal('stalled');
    await end();
  });

  it('ends at the limit where the options say so: lost, fenced, and back with a new epoch', async () => {
    const { bus, hand, end } = await begun({ beat: { stallLimitMs: 5_000, atStallLimit: 'fence' } });
    const { epoch } = w1(bus);
    const asked = watched(bus.hub.request('w1', 'ask', 1));
    hand.stand('render.frame of acme');
    await bus.clock.advance(6_000);
    const [, lost] = bus.events;
    expect(lost).to.include({
      kind: 'lost',
      cause: 'stalled',
      type: 'render.frame',
      plugin: 'acme',
      afterMs: 5_000,
    });
    expect(asked.error).to.deep.include({ code: 'peer-lost', retryable: true });
    expect(asked.error?.details).to.include({ cause: 'stalled' });
    expect([hand.pulse?.heard, hand.pulse?.ended, hand.link.ended]).to.deep.equal([['closed'], true, true]);
    bus.happened();
    hand.turn();
    await hand.resume();
    expect(bus.happened()).to.deep.equal(['fenced w1', 'joined w1']);
    expect(w1(bus).epoch).to.not.equal(epoch);
    await end();
  });

  it('has no limit that makes no sense', async () => {
    for (const beat of [
      { stallLimitMs: 2_000 },
      { stallLimitMs: Number.NaN },
      { stallLimitMs: -1 },
      { atStallLimit: 'kill' as never },
    ])
      await rejection((async () => void (await new Bus().startHub({ beat })))(), 'invalid-option');
  });

  it('tells the load, and its own beats alone are late', async () => {
    const { bus, hand, end } = await begun();
    await bus.clock.advance(1_500);
    hand.linkBeats = false;
    hand.pulseBeats = false;
    hand.pulse?.beat(
      { stillMs: 200, delayMs: 320, cpuMs: 1_500, rssBytes: 7e7 },
      { inFlight: 3, queued: 2, handled: 9, oldestMs: 400 },
    );
    await bus.clock.advance(1);
    const load = {
      inFlight: 3,
      queued: 2,
      handled: 9,
      oldestMs: 400,
      lateMs: 0,
      at: Date.UTC(2020, 0, 1) + 1_500,
    };
    const told = { ...load, stillMs: 200, delayMs: 320, cpuMs: 1_500, rssBytes: 7e7 };
    expect(w1(bus).load).to.deep.equal(told);
    await bus.clock.advance(1_499);
    hand.link.send(beatOf(9));
    await bus.clock.advance(1);
    expect(w1(bus).load, 'of a link that beats late').to.deep.equal(told);
    expect(bus.hub.stats().beats).to.include({ lateMs: 0, worstDelayMs: 320 });
    hand.pulse?.beat();
    await bus.clock.advance(1);
    expect(w1(bus).load).to.include({ lateMs: 501, delayMs: 0 });
    expect(bus.hub.stats().beats).to.include({ lateMs: 501, worstMs: 501 });
    await end();
  });

  it('is told to the detector: it has the rhythm of the pulse while there is one, and of the link elsewhere', async () => {
    const told: number[] = [];
    const plugin = definePlugin({
      manifest: { name: 'noting', version: '1.0.0', engines: { drumline: '*' } },
      contributes: { detector: () => ({ heard: (at) => void told.push(at), suspectAfterMs: () => 3_000 }) },
    });
    const { bus, hand, end } = await begun({ plugins: [plugin] });
    expect(told).to.deep.equal([0]);
    hand.pulseBeats = false;
    await bus.clock.advance(300);
    hand.pulse?.beat();
    await bus.clock.advance(900);
    expect(told).to.deep.equal([0, 300]);
    bus.network.cut('w1 pulse');
    await bus.clock.advance(1_000);
    expect(told).to.deep.equal([0, 300, 2_000]);
    await end();
  });

  it('and its worker have a story, in words and as data', async () => {
    const { bus, hand, end } = await begun();
    const { epoch } = w1(bus);
    await bus.clock.advance(5_000);
    hand.stand('render.frame of acme');
    await bus.clock.advance(4_200);
    const { text, transitions, ...now } = bus.hub.explain('w1');
    expect(now).to.deep.equal({
      ...{ worker: 'w1', liveness: 'stalled', stalledBy: 'render.frame' },
      link: { open: true, silentMs: 4_200 },
      pulse: { open: true, silentMs: 200 },
    });
    expect(text.split('\n')).to.deep.equal([
      "worker 'w1' is stalled: render.frame of plugin 'acme' has held the event loop for 4.2 s.",
      'Its link is open, and brought something 4.2 s ago. Its pulse is open, and brought something 0.2 s ago.',
      `2020-01-01T00:00:00.000Z became alive (joined), epoch ${epoch}.`,
      "2020-01-01T00:00:07.000Z became stalled after 7.0 s as alive: render.frame of plugin 'acme' has held the event loop for 2.0 s.",
    ]);
    expect(transitions).to.deep.equal([
      {
        ...{ to: 'alive', cause: 'joined', at: Date.UTC(2020, 0, 1), epoch },
        ...{ silentMs: 0, linkSilentMs: 0, stillMs: 0, by: [], beforeMs: 0 },
      },
      {
        ...{ to: 'stalled', cause: "render.frame of plugin 'acme' has held the event loop for 2.0 s", epoch },
        ...{ at: Date.UTC(2020, 0, 1) + 7_000, silentMs: 1_000, linkSilentMs: 2_000, stillMs: 2_000 },
        ...{ by: [{ type: 'render.frame', plugin: 'acme', running: true }], beforeMs: 7_000 },
      },
    ]);
    hand.turn();
    await bus.clock.advance(2_000);
    hand.linkBeats = false;
    await bus.clock.advance(6_000);
    await hand.resume();
    hand.linkBeats = true;
    await bus.clock.advance(1_000);
    hand.link.send({ kind: 'drain' });
    await bus.clock.advance(1_000);
    hand.kill();
    await bus.clock.advance(20_000);
    expect(bus.hub.explain('w1').text.split('\n').slice(3)).to.deep.equal([
      "2020-01-01T00:00:10.000Z became alive (ticking) after 3.0 s as stalled: render.frame of plugin 'acme' had held the event loop for 5.0 s.",
      '2020-01-01T00:00:14.000Z became suspect (link) after 4.0 s as alive: its link brought nothing for 3.0 s, while its pulse beat.',
      '2020-01-01T00:00:17.200Z became alive (attached) after 3.2 s as suspect: its link had brought nothing for 6.2 s.',
      '2020-01-01T00:00:18.200Z became draining (the worker said so) after 1.0 s as alive.',
      '2020-01-01T00:00:19.200Z became suspect (peer-lost) after 1.0 s as draining: nothing was heard of it for 0.2 s.',
      '2020-01-01T00:00:29.200Z became lost (lost) after 10.0 s as suspect: nothing was heard of it for 10.2 s.',
    ]);
    expect(bus.hub.explain('w1')).to.include({ link: undefined, pulse: undefined, liveness: 'lost' });
    await end();
  });
});
