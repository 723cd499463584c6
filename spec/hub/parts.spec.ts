import { expect } from 'chai';
import type { Frame, Hello, Message } from '../../lib/frame/frame.js';
import { features } from '../../lib/handshake/profile.js';
import { createHub, createWorker, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { KiB, payload } from '../lane/dock.js';
import { Bus, nobody, Stranger } from './bus.js';
import { ask, Crew, publish } from './crew.js';

const MiB = KiB * KiB;

describe('the room for large payloads', function () {
  this.timeout(60_000);
  const small = { concurrency: 64, capacity: 16_384, capacityBytes: 64 * MiB };

  it('is never exceeded, however many arrive at once, and is all free in the end', async () => {
    const reassemblyBytes = 3_000_000;
    const crew = new Crew({
      lane: { ...small, reassemblyBytes },
      handlers: [handler('take', () => new Promise<void>((resolve) => crew.clock.after(20, resolve)))],
    });
    crew.network.latency(1);
    const outbox = { capacity: 1_000, capacityBytes: 1e9, maxWaiting: 0 };
    const fates: ReturnType<typeof ask>[] = [];
    for (let n = 0; n < 30; n += 1) {
      const mate = await crew.join(`w${n}`, { outbox });
      await crew.clock.advance(5);
      for (let i = 0; i < 3; i += 1) fates.push(ask(mate.session, 'take', 100_000 + n * 20_000));
    }
    let most = 0;
    for (let ms = 0; ms < 2_000; ms += 1) {
      await crew.clock.advance(1);
      most = Math.max(most, crew.dispatch.reserve.used);
      expect(crew.dispatch.reserve.used).to.be.within(0, reassemblyBytes);
    }
    expect(most, 'it was used').to.be.above(reassemblyBytes / 2);
    const ended = (how: string) => fates.filter((fate) => fate.ended === how).length;
    expect([ended('fault') > 0, ended('value') > 10, ended('fault') + ended('value')]).to.deep.equal([
      true,
      true,
      90,
    ]);
    expect(crew.dispatch.reserve.used).to.equal(0);
    await crew.close();
  });

  it('is free again when the session ends in the middle, on either side', async () => {
    const give = () => new Uint8Array(900_000);
    const crew = new Crew({
      handlers: [handler('take', () => {}), handler('give', give), handler('also', give)],
    });
    crew.network.latency(5);
    const mate = await crew.join('w1', {});
    await crew.clock.advance(50);
    const used = () => [crew, mate].map(({ dispatch }) => dispatch.reserve.used);
    for (const type of ['give', 'also']) ask(mate.session, type, 1);
    ask(mate.session, 'take', 900_000);
    while (crew.clock.now() < 1_000 && used().includes(0)) await crew.clock.advance(1);
    expect(used()).to.not.include(0);
    mate.session.end('closed');
    crew.session().end('lost');
    expect(used()).to.deep.equal([0, 0]);
    await crew.close();
  });

  it('is free again when the link of a publish is lost in the middle, and that of a request goes on', async () => {
    const crew = new Crew({ handlers: [handler('take', () => {}), handler('note', () => {})] });
    crew.network.latency(5);
    const mate = await crew.join('w1', {});
    await crew.clock.advance(50);
    mate.session.outbound.publish(publish('note', 900_000), 'drop-newest');
    await crew.clock.advance(1);
    const fate = ask(mate.session, 'take', 800_000);
    await crew.clock.advance(30);
    expect(crew.dispatch.reserve.used).to.equal(1_700_000);
    crew.network.cut('w1');
    await crew.clock.advance(50);
    expect(crew.dispatch.reserve.used).to.equal(1_700_000);
    while (crew.clock.now() < 2_000 && crew.session().state.name !== 'attached') await crew.clock.advance(1);
    expect(crew.dispatch.reserve.used).to.equal(800_000);
    await crew.clock.advance(1_000);
    expect([fate.ended, crew.dispatch.reserve.used]).to.deep.equal(['value', 0]);
    await crew.close();
  });

  it('is free again when this side drains, and the sender is told', async () => {
    const crew = new Crew({ handlers: [handler('take', () => {})] });
    crew.network.latency(5);
    const mate = await crew.join('w1', {});
    await crew.clock.advance(50);
    const fate = ask(mate.session, 'take', 900_000);
    await crew.clock.advance(30);
    expect(crew.dispatch.reserve.used).to.equal(900_000);
    crew.fleet.drain();
    expect(crew.dispatch.reserve.used).to.equal(0);
    await crew.clock.advance(100);
    expect(fate.ended).to.equal('fault');
    await crew.close();
  });
});

describe('the option lane.reassemblyBytes', () => {
  it('holds at least one payload of the largest size', () => {
    const lane = { reassemblyBytes: 4 * MiB };
    createHub({ lane, limits: { maxPayloadBytes: 4 * MiB } });
    expect(() => createHub({ lane })).to.throw(/lane.reassemblyBytes must be at least .* 67108864/);
    createWorker({ hub: 'localhost:1', lane, maxPayloadBytes: MiB });
    expect(() => createWorker({ hub: 'localhost:1', lane }))
      .to.throw()
      .with.property('code', 'invalid-option');
  });
});

describe('parts of a strange peer', () => {
  noUnhandledRejections();
  const seen: number[] = [];
  const modern: Hello = { ...nobody, protocolMin: 1, protocolMax: 1, features, worker: 'odd' };
  const begun = (seq: number, size: number, bytes: number, type = 'note'): Message => ({
    kind: 'message',
    seq,
    type,
    payload: payload(bytes),
    expects: 'reply',
    codec: 'bytes',
    timeoutMs: 0,
    attempt: 1,
    id: '',
    size,
  });
  const chunk = (seq: number, re: number, bytes: number, outcome = false): Frame => ({
    kind: 'chunk',
    seq,
    re,
    payload: payload(bytes),
    outcome,
  });
  let bus: Bus;
  let odd: Stranger;

  beforeEach(async () => {
    seen.length = 0;
    const note = handler('note', ({ payload }) => void seen.push((payload as Uint8Array).length));
    bus = await Bus.of({ handlers: [note], limits: { maxPayloadBytes: MiB } });
    odd = new Stranger(bus).send({ ...modern, handles: ['echo'], credit: { messages: 100, bytes: MiB } });
    await bus.clock.settle();
  });
  afterEach(() => bus.close());

  const served = async (seq: number) => {
    odd.send(begun(seq, 100_000, 50_000), chunk(seq + 1, seq, 50_000));
    await bus.clock.settle();
    expect(seen.at(-1)).to.equal(100_000);
    expect(odd.of('outcome').find(({ re }) => re === seq)?.status).to.equal('value');
  };
  const fault = (re: number) => odd.of('outcome').find((outcome) => outcome.re === re)?.fault?.code;

  it('are put together', () => served(1));

  const costsTheLink: Record<string, Frame[]> = {
    'that begin with more than they declare': [begun(1, 10, 11)],
    'that bring more than was declared': [begun(1, 100, 50), chunk(2, 1, 51)],
    'of what comes later': [chunk(1, 2, 5)],
    'of themselves': [chunk(1, 1, 5)],
    'that are empty': [begun(1, 100, 50), chunk(2, 1, 0)],
    'without a number': [chunk(0, 0, 5)],
  };
  for (const [name, strange] of Object.entries(costsTheLink))
    it(`cost the link: ${name}`, async () => {
      odd.send(...strange);
      await bus.clock.settle();
      expect(odd.of('refusal')[0]).to.include({ code: 'protocol' });
      expect(odd.ended).to.equal(true);
      expect(bus.happened()).to.include('fault odd');
      expect(seen).to.deep.equal([]);
    });

  it('cost the link of a peer that has not agreed to them', async () => {
    const plain = new Stranger(bus, 'plain').send({ ...modern, worker: 'plain', features: ['credit'] });
    await bus.clock.settle();
    plain.send(begun(1, 100, 50));
    await bus.clock.settle();
    expect(plain.of('refusal')[0]).to.include({ code: 'protocol' });
    await served(1);
  });

  it('that nobody knows change nothing: of what is done, refused, cancelled, never was, or of the other kind', async () => {
    odd.send(chunk(5, 1, 100), chunk(6, 1, 100, true));
    odd.send(begun(7, 100, 50), chunk(8, 7, 50), chunk(9, 7, 50));
    odd.send(begun(10, 2 * MiB, 50), chunk(11, 10, 50));
    odd.send(begun(12, 100, 50, 'nobody'), chunk(13, 12, 50));
    odd.send(begun(14, 100, 50));
    await bus.clock.settle();
    odd.send({ kind: 'cancel', re: 14, reason: '' }, chunk(15, 14, 50));
    odd.send(begun(16, 100, 50), chunk(17, 16, 50, true));
    await bus.clock.settle();
    expect(seen).to.deep.equal([100]);
    expect([10, 12, 14, 16].map(fault)).to.deep.equal(['too-large', 'unhandled', 'cancelled', undefined]);
    await served(18);
  });

  it('that were sent before are not taken again', async () => {
    odd.send(begun(1, 100, 50), chunk(2, 1, 30), chunk(2, 1, 30), begun(1, 100, 50), chunk(3, 1, 20));
    await bus.clock.settle();
    expect(seen).to.deep.equal([100]);
  });

  it('beyond its credit are refused', async () => {
    const { credit } = odd.of('welcome')[0] ?? expect.fail();
    for (let seq = 1; seq <= credit.messages + 10; seq += 1) odd.send(begun(seq, 10_000, 1));
    await bus.clock.settle();
    const refused = odd.of('outcome').filter((outcome) => outcome.fault?.code === 'overflow');
    expect(refused).to.have.lengthOf(10);
  });

  it('of answers that nobody asked for take no room and get no answer', async () => {
    for (let seq = 1; seq <= 1_000; seq += 1) {
      const payload = new Uint8Array(1);
      odd.send({ kind: 'outcome', seq, re: 77, status: 'value', payload, codec: 'bytes', size: MiB });
    }
    await bus.clock.settle();
    expect(odd.of('cancel')).to.deep.equal([]);
    await served(2_000);
  });

  it('are sent to no end: one that says nothing gets no more of them once the caller has given up', async () => {
    const silent = new Stranger(bus, 'silent').send({
      ...modern,
      worker: 'silent',
      credit: { messages: 100, bytes: 1e9 },
    });
    await bus.clock.settle();
    bus.network.latency(5);
    const call = bus.hub.request('silent', 'x', new Uint8Array(MiB), { timeoutMs: 3 }).catch(() => {});
    // The link takes 1 MiB unread, so that this one fills it.
    bus.hub.publish('silent', 'y', new Uint8Array(MiB));
    await bus.clock.advance(500);
    await call;
    const [begun] = silent.of('message').filter(({ type }) => type === 'x');
    const parts = silent.of('chunk').filter(({ re }) => re === begun?.seq);
    expect(parts.length, 'of 15').to.be.within(3, 13);
    expect(silent.of('cancel').map(({ re }) => re)).to.deep.equal([begun?.seq]);
    const after = bus.hub.publish('silent', 'x', new Uint8Array(9));
    await bus.clock.advance(50);
    expect([after.queued, silent.of('message').at(-1)?.payload.length]).to.deep.equal([1, 9]);
  });

  it('are the only way to send much: no batch above 1,179,648 bytes is read, whatever the payloads may have', async () => {
    const large = await Bus.of();
    const stranger = new Stranger(large).send({ ...modern, worker: 'w1' });
    await large.clock.settle();
    expect(stranger.of('welcome')[0]?.maxPayloadBytes).to.equal(64 * MiB);
    const whole = (seq: number, bytes: number) => {
      const { size: _, ...message } = begun(seq, 0, bytes);
      return message;
    };
    stranger.send(whole(1, MiB));
    await large.clock.settle();
    expect([stranger.ended, stranger.of('outcome').length]).to.deep.equal([false, 1]);
    stranger.send(whole(2, 1_179_649));
    await large.clock.settle();
    expect([stranger.ended, stranger.of('outcome').length]).to.deep.equal([true, 1]);

    const plain = new Stranger(large, 'plain').send({ ...modern, worker: 'plain', features: ['credit'] });
    await large.clock.settle();
    expect(plain.of('welcome')[0]?.maxPayloadBytes, 'for one that sends no parts').to.equal(MiB);
    expect(() => large.hub.publish('plain', 'x', new Uint8Array(MiB + 1))).to.throw(
      /at most 1048576 are taken/,
    );
    await large.close();
  });

  it('do not come to a peer that takes none: 1 MiB travels whole, and more does not', async () => {
    const plain = new Stranger(bus, 'plain').send({
      ...modern,
      worker: 'plain',
      features: ['credit'],
      credit: { messages: 100, bytes: MiB },
    });
    await bus.clock.settle();
    expect(plain.of('welcome')[0]?.maxPayloadBytes).to.equal(MiB);
    bus.hub.publish('plain', 'x', new Uint8Array(MiB));
    expect(() => bus.hub.publish('plain', 'x', new Uint8Array(MiB + 1)))
      .to.throw()
      .with.property('code', 'too-large');
    await bus.clock.settle();
    expect(plain.of('message').map(({ payload }) => payload.length)).to.deep.equal([MiB]);
    expect(plain.of('chunk')).to.deep.equal([]);
  });
});
