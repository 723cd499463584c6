import { expect } from 'chai';
import type { Welcome } from '../../lib/frame/frame.js';
import { type Authenticate, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger, watched } from './bus.js';

const hello = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features: ['credit', 'resume', 'streams'],
  version: '1.0.0',
  worker: 'w1',
  credit: { messages: 10, bytes: 10_000 },
};
const beat = {
  kind: 'beat',
  n: 1,
  lateMs: 0,
  inFlight: 0,
  queued: 0,
  handled: 0,
  oldestMs: 0,
  probe: false,
} as const;
const nothing = { seq: 0, messages: 0, bytes: 0 };

/** A stranger that is a member: what it was welcomed with. */
async function member(
  bus: Bus,
  host: string,
  more: object = {},
): Promise<{ stranger: Stranger; welcome: Welcome }> {
  const stranger = new Stranger(bus, host).send({ ...hello, incarnation: host, ...more });
  await bus.clock.settle();
  const [welcome] = stranger.of('welcome');
  if (welcome === undefined) return expect.fail(`not welcomed: ${JSON.stringify(stranger.frames)}`);
  return { stranger, welcome };
}

/** Beats for a member, so that it stays alive, until told to stop. */
function beating(bus: Bus, stranger: Stranger): () => void {
  let on = true;
  const next = () => {
    if (!on) return;
    stranger.send(beat);
    bus.clock.after(500, next);
  };
  next();
  return () => {
    on = false;
  };
}

describe('an id', () => {
  noUnhandledRejections();

  it('that a live worker has is refused to another, who may try again', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    const { epoch } = bus.hub.workers.get('w1') ?? {};
    const second = new Stranger(bus).send({ ...hello, incarnation: 'another' });
    await bus.clock.advance(100);
    expect(second.of('refusal')[0]).to.include({ code: 'id-in-use', retryable: true });
    expect(second.of('refusal')[0]?.message).to.match(/'w1' is in use by a live worker/);
    expect(bus.hub.workers.get('w1')).to.include({ epoch, liveness: 'alive' });
    await bus.close();
  });

  it('goes to the newcomer when the old link does not answer a probe', async () => {
    const bus = await Bus.of();
    const old = await member(bus, 'old');
    const next = new Stranger(bus, 'new').send({ ...hello, incarnation: 'new' });
    await bus.clock.settle();
    expect(old.stranger.of('beat').at(-1)).to.include({ probe: true });
    await bus.clock.advance(2_999);
    expect(next.frames).to.deep.equal([]);
    await bus.clock.advance(1);
    expect(next.of('welcome')).to.have.length(1);
    expect(next.of('welcome')[0]?.epoch).to.not.equal(old.welcome.epoch);
    expect(bus.events.map(({ kind, cause }) => `${kind} ${cause}`)).to.deep.equal([
      'joined new',
      'lost superseded',
      'joined new',
    ]);
    await bus.clock.advance(100);
    expect(old.stranger.ended).to.equal(true);
    await bus.close();
  });

  it('goes to the newcomer at once when the old link is closed', async () => {
    const bus = await Bus.of();
    const old = await member(bus, 'old');
    void old.stranger.link.close();
    await bus.clock.settle();
    const next = await member(bus, 'new');
    expect(next.welcome.epoch).to.not.equal(old.welcome.epoch);
    await bus.close();
  });

  it('is probed by any answer, not by a beat alone', async () => {
    const bus = await Bus.of();
    const old = await member(bus, 'old');
    const next = new Stranger(bus, 'new').send({ ...hello, incarnation: 'new' });
    await bus.clock.advance(1_000);
    old.stranger.send({ kind: 'announce', handles: [] });
    await bus.clock.settle();
    expect(next.of('refusal')[0]?.code).to.equal('id-in-use');
    await bus.close();
  });

  it('is claimed by one of two newcomers', async () => {
    const bus = await Bus.of();
    await member(bus, 'old');
    const [a, b] = [new Stranger(bus, 'a'), new Stranger(bus, 'b')];
    a.send({ ...hello, incarnation: 'a' });
    b.send({ ...hello, incarnation: 'b' });
    await bus.clock.advance(3_000);
    const stops = [a, b].filter((each) => each.of('welcome').length > 0).map((each) => beating(bus, each));
    await bus.clock.advance(4_000);
    expect([a, b].map((each) => each.of('welcome').length).sort()).to.deep.equal([0, 1]);
    expect([a, b].map((each) => each.of('refusal').length).sort()).to.deep.equal([0, 1]);
    for (const stop of stops) stop();
    await bus.close();
  });

  it('belongs to the identity that claimed it', async () => {
    const authenticate: Authenticate = ({ extra }) => ({ subject: extra.user ?? '' });
    const bus = await Bus.of({ authenticate });
    const ada = await member(bus, 'ada', { extra: { user: 'ada' } });
    void ada.stranger.link.close();
    await bus.clock.settle();
    const eve = new Stranger(bus, 'eve').send({ ...hello, incarnation: 'eve', extra: { user: 'eve' } });
    await bus.clock.settle();
    expect(eve.of('refusal')[0]).to.include({ code: 'unauthenticated', retryable: false });
    const withToken = new Stranger(bus, 'eve').send({
      ...hello,
      incarnation: 'ada',
      extra: { user: 'eve' },
      resumeToken: ada.welcome.resumeToken,
      received: nothing,
    });
    await bus.clock.settle();
    expect(withToken.of('welcome')).to.deep.equal([]);
    await member(bus, 'ada-2', { extra: { user: 'ada' } });
    await bus.close();
  });

  it('of the sender is that of the link, whatever a payload says', async () => {
    const from: string[] = [];
    const bus = await Bus.of(
      { handlers: [handler('say', (_, context) => void from.push(context.from.id))] },
      { id: 'w1' },
      { id: 'w2' },
    );
    await bus.settled(
      bus.workers[1]?.send('say', { from: 'w1', id: 'w1', worker: 'w1' }) ?? Promise.reject(),
    );
    await bus.clock.settle();
    expect(from).to.deep.equal(['w2']);
    await bus.close();
  });
});

describe('a resume token', () => {
  noUnhandledRejections();

  it('replaces the old link at once, though that one is alive', async () => {
    const bus = await Bus.of();
    const { stranger, welcome } = await member(bus, 'w');
    const again = new Stranger(bus, 'w').send({
      ...hello,
      incarnation: 'w',
      resumeToken: welcome.resumeToken,
      received: nothing,
    });
    await bus.clock.settle();
    expect(again.of('welcome')[0]).to.include({ epoch: welcome.epoch });
    expect(again.of('welcome')[0]?.received).to.deep.equal(nothing);
    await bus.clock.advance(10);
    expect(stranger.ended).to.equal(true);
    expect(again.ended).to.equal(false);
    await bus.close();
  });

  const wrong: readonly (readonly [what: string, change: object])[] = [
    ['a wrong token', { resumeToken: 'x'.repeat(32) }],
    ['an empty token', { resumeToken: '' }],
    ['no token', { resumeToken: undefined }],
    ['another incarnation', { incarnation: 'another' }],
    ['more received than was sent', { received: { seq: 99, messages: 99, bytes: 99 } }],
    ['nothing said of what was received', { received: undefined }],
  ];
  for (const [what, change] of wrong)
    it(`resumes nothing with ${what}`, async () => {
      const bus = await Bus.of();
      const { stranger, welcome } = await member(bus, 'w');
      void stranger.link.close();
      await bus.clock.settle();
      const given = Object.fromEntries(
        Object.entries({
          ...hello,
          incarnation: 'w',
          resumeToken: welcome.resumeToken,
          received: nothing,
          ...change,
        }).filter(([, value]) => value !== undefined),
      );
      const again = new Stranger(bus, 'w').send(given as never);
      await bus.clock.settle();
      const [next] = again.of('welcome');
      expect(next?.epoch).to.not.equal(welcome.epoch);
      expect(next).to.not.have.property('received');
      await bus.close();
    });

  it('opens nothing any more once the worker is lost: it gets a new session, and the hub says so', async () => {
    const bus = await Bus.of();
    const { welcome } = await member(bus, 'w');
    await bus.clock.advance(12_000);
    const again = await member(bus, 'w', { resumeToken: welcome.resumeToken, received: nothing });
    expect(again.welcome.epoch).to.not.equal(welcome.epoch);
    expect(again.welcome.resumeToken).to.not.equal(welcome.resumeToken);
    expect(bus.happened()).to.deep.equal(['joined w1', 'suspect w1', 'lost w1', 'fenced w1', 'joined w1']);
    await bus.close();
  });

  it('lets nothing that arrives on the replaced link change anything', async () => {
    const seen: unknown[] = [];
    const bus = await Bus.of({ handlers: [handler('note', ({ payload }) => void seen.push(payload))] });
    const { stranger, welcome } = await member(bus, 'w');
    bus.network.latency('w', 'hub', 50);
    const late = {
      kind: 'message',
      seq: 1,
      type: 'note',
      payload: new Uint8Array(0),
      expects: 'nothing',
      codec: '',
      timeoutMs: 0,
      attempt: 1,
      id: '',
    } as const;
    stranger.send(late, { kind: 'announce', handles: ['forged'] });
    bus.network.latency('v', 'hub', 1);
    const again = new Stranger(bus, 'v').send({
      ...hello,
      incarnation: 'w',
      resumeToken: welcome.resumeToken,
      received: nothing,
    });
    await bus.clock.advance(500);
    expect(again.of('welcome')).to.have.length(1);
    expect(seen).to.deep.equal([]);
    expect(bus.hub.workers.get('w1')?.handles).to.deep.equal([]);
    await bus.close();
  });
});

describe('a worker whose process is restarted', () => {
  noUnhandledRejections();

  it('joins again under its id, and what the old process had is lost', async () => {
    const bus = await Bus.of({}, { id: 'w1', handlers: [handler('hang', () => new Promise(() => {}))] });
    const call = watched(bus.hub.request('w1', 'hang', {}));
    await bus.clock.settle();
    bus.machine('w1').kill();
    bus.cut('w1');
    await bus.clock.settle();
    await bus.join({ id: 'w1' }, 'w1-again');
    expect(call.error).to.include({ code: 'peer-lost', retryable: true });
    expect(call.error?.details).to.include({ delivery: 'unknown' });
    expect(bus.happened()).to.deep.equal(['joined w1', 'suspect w1', 'lost w1', 'joined w1']);
    await bus.close();
  });
});
