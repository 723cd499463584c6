import { expect } from 'chai';
import type { Message } from '../../lib/frame/frame.js';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger, watched } from './bus.js';

const encoder = new TextEncoder();
const message = (seq: number, type: string, expects: Message['expects'] = 'reply'): Message => ({
  kind: 'message',
  seq,
  type,
  payload: encoder.encode(String(seq)),
  expects,
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});
const modern = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features: ['credit', 'resume', 'streams'],
  worker: 'w1',
};

describe('flow', () => {
  noUnhandledRejections();

  it('lets two sides go on whose handlers all wait for each other', async () => {
    const bus = await Bus.of({ lane: { concurrency: 8 } }, { id: 'w1', lane: { concurrency: 8 } });
    const [worker] = bus.workers;
    if (worker === undefined) return expect.fail();
    const leaf = handler('leaf', ({ payload }) => payload);
    worker.handle('leaf', leaf.handle);
    bus.hub.handle('leaf', leaf.handle);
    worker.handle('ask', ({ payload }) => worker.request('leaf', payload));
    bus.hub.handle('ask', ({ payload }) => bus.hub.request('w1', 'leaf', payload));
    await bus.clock.settle();
    const calls = Array.from({ length: 100 }, (_, n) => [
      bus.hub.request('w1', 'ask', n),
      worker.request('ask', n),
    ])
      .flat()
      .map(watched);
    await bus.clock.advance(5_000);
    expect(calls.filter(({ done, error }) => !done || error)).to.deep.equal([]);
    expect(calls.map(({ value }) => value)).to.deep.equal(Array.from({ length: 200 }, (_, n) => n >> 1));
    await bus.close();
  });

  it('lets a handler ask its own sender, even when it is the only one that may run', async () => {
    const bus = await Bus.of({}, { id: 'w1', lane: { concurrency: 1 } });
    const [worker] = bus.workers;
    bus.hub.handle('who', () => 'hub');
    worker?.handle('ask', () => worker.request('who', {}), { concurrency: 1 });
    await bus.clock.settle();
    const calls = [1, 2, 3].map(() => watched(bus.hub.request('w1', 'ask', {})));
    await bus.clock.advance(100);
    expect(calls.map(({ value }) => value)).to.deep.equal(['hub', 'hub', 'hub']);
    await bus.close();
  });

  it('never sends more than the peer has granted, and goes on when it grants more', async () => {
    const bus = await Bus.of();
    const stranger = new Stranger(bus).send({
      ...modern,
      handles: ['x'],
      credit: { messages: 3, bytes: 1_000 },
    });
    await bus.clock.settle();
    for (let n = 0; n < 10; n++) bus.hub.request('w1', 'x', n).catch(() => {});
    await bus.clock.settle();
    expect(stranger.of('message')).to.have.length(3);
    stranger.send({ kind: 'credit', messages: 5, bytes: 1_000 });
    await bus.clock.settle();
    expect(stranger.of('message')).to.have.length(5);
    // A grant that came late takes nothing back.
    stranger.send({ kind: 'credit', messages: 4, bytes: 500 });
    stranger.send({ kind: 'credit', messages: 6, bytes: 1_000 });
    await bus.clock.settle();
    expect(stranger.of('message').map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    await bus.close();
  });

  it('begins a message on the last byte of credit, and none after it', async () => {
    const bus = await Bus.of();
    const stranger = new Stranger(bus).send({
      ...modern,
      handles: ['x'],
      credit: { messages: 100, bytes: 10 },
    });
    await bus.clock.settle();
    for (let n = 0; n < 4; n++) bus.hub.request('w1', 'x', new Uint8Array(8)).catch(() => {});
    await bus.clock.settle();
    expect(stranger.of('message')).to.have.length(2);
    await bus.close();
  });

  it('takes nothing beyond what it granted: the excess is answered, counted, and costs nobody else', async () => {
    const handled: unknown[] = [];
    const slow = handler('slow', ({ payload }) => {
      handled.push(payload);
      return new Promise(() => {});
    });
    const bus = await Bus.of({
      handlers: [slow, handler('echo', ({ payload }) => payload)],
      lane: { capacity: 8, concurrency: 2 },
    });
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    const { credit } = stranger.of('welcome')[0] ?? expect.fail();
    stranger.send(...Array.from({ length: credit.messages + 50 }, (_, index) => message(index + 1, 'slow')));
    await bus.clock.settle();
    const faults = stranger.of('outcome').map(({ fault }) => fault?.code);
    expect(faults).to.have.length(50);
    expect(new Set(faults)).to.deep.equal(new Set(['overflow']));
    expect(bus.happened().filter((event) => event === 'overflow w1')).to.have.length(50);
    expect(handled.length).to.be.at.most(2);
    const other = await bus.join({ id: 'w2' });
    const call = watched(other.request('echo', 1));
    await bus.clock.advance(100);
    expect(call.value).to.equal(1);
    await bus.close();
  });

  it('handles a message once that is sent again under its number', async () => {
    const seen: unknown[] = [];
    const bus = await Bus.of({ handlers: [handler('note', ({ payload }) => void seen.push(payload))] });
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    stranger.send(message(1, 'note'), message(2, 'note'));
    stranger.send(message(2, 'note'), message(1, 'note'), message(3, 'note'));
    await bus.clock.settle();
    expect(seen).to.deep.equal([1, 2, 3]);
    await bus.close();
  });

  it('heeds a cancel that overtakes its message', async () => {
    const seen: unknown[] = [];
    const bus = await Bus.of({ handlers: [handler('note', ({ payload }) => void seen.push(payload))] });
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    stranger.send({ kind: 'cancel', re: 2, reason: '' });
    stranger.send(message(1, 'note'), message(2, 'note'), message(3, 'note'));
    await bus.clock.settle();
    expect(seen).to.deep.equal([1, 3]);
    expect(stranger.of('outcome').find(({ re }) => re === 2)?.fault?.code).to.equal('cancelled');
    await bus.close();
  });

  it('keeps no more early cancels than it may', async () => {
    const seen: unknown[] = [];
    const bus = await Bus.of({ handlers: [handler('note', ({ payload }) => void seen.push(payload))] });
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    for (let re = 100_000; re < 101_100; re++) stranger.send({ kind: 'cancel', re, reason: '' });
    stranger.send({ kind: 'cancel', re: 1, reason: '' });
    stranger.send(message(1, 'note'));
    await bus.clock.settle();
    expect(seen).to.deep.equal([1]);
    await bus.close();
  });

  it('answers a message that nobody handles, and counts it', async () => {
    const bus = await Bus.of();
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    stranger.send(message(1, 'nobody'), message(2, 'nobody', 'nothing'));
    await bus.clock.settle();
    expect(stranger.of('outcome').map(({ re, fault }) => [re, fault?.code])).to.deep.equal([
      [1, 'unhandled'],
    ]);
    expect(bus.happened()).to.deep.equal(['joined w1', 'degraded w1', 'fault w1', 'fault w1']);
    await bus.close();
  });

  it('acknowledges a send before its handler has ended, and a refusal ahead of the acknowledgement', async () => {
    const bus = await Bus.of({ handlers: [handler('hang', () => new Promise(() => {}))] });
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    stranger.send(message(1, 'hang', 'acceptance'));
    await bus.clock.settle();
    expect(stranger.of('ack').at(-1)?.seq).to.equal(1);
    stranger.send(message(2, 'nobody', 'acceptance'));
    await bus.clock.settle();
    const order = stranger.frames
      .filter(({ kind }) => kind === 'ack' || kind === 'outcome')
      .map(({ kind }) => kind);
    expect(order).to.deep.equal(['ack', 'outcome', 'ack']);
    await bus.close();
  });

  describe('with a peer of the baseline profile', () => {
    it('sends it no more than 16 messages without an answer', async () => {
      const bus = await Bus.of();
      const stranger = new Stranger(bus).send({ ...nobody, worker: 'old', handles: ['x'] });
      await bus.clock.settle();
      const calls = Array.from({ length: 40 }, (_, n) => watched(bus.hub.request('old', 'x', n)));
      await bus.clock.settle();
      expect(stranger.of('message')).to.have.length(16);
      for (let round = 0; round < 3; round++) {
        for (const { seq, payload } of stranger.of('message').slice(round * 16, round * 16 + 16))
          stranger.send({ kind: 'outcome', seq, re: seq, status: 'value', payload, codec: '' });
        await bus.clock.settle();
      }
      expect(calls.map(({ value }) => value)).to.deep.equal(Array.from({ length: 40 }, (_, n) => n));
      await bus.close();
    });

    it('takes 16 messages from it, refuses the excess, and answers each, a publish too', async () => {
      const open: (() => void)[] = [];
      const slow = handler('slow', () => new Promise<void>((resolve) => void open.push(resolve)), {
        concurrency: 64,
      });
      const bus = await Bus.of({ handlers: [slow] });
      const stranger = new Stranger(bus).send({ ...nobody, worker: 'old' });
      await bus.clock.settle();
      stranger.send(
        ...Array.from({ length: 20 }, (_, index) =>
          message(index + 1, 'slow', index % 2 ? 'nothing' : 'acceptance'),
        ),
      );
      await bus.clock.settle();
      expect(stranger.of('outcome').map(({ re, fault }) => [re, fault?.code])).to.deep.equal([
        [17, 'overflow'],
        [18, 'overflow'],
        [19, 'overflow'],
        [20, 'overflow'],
      ]);
      for (const resolve of open.splice(0)) resolve();
      await bus.clock.settle();
      expect(stranger.of('outcome')).to.have.length(20);
      stranger.send(message(21, 'slow'));
      await bus.clock.settle();
      expect(open).to.have.length(1);
      expect(stranger.of('ack')).to.deep.equal([]);
      expect(stranger.of('credit')).to.deep.equal([]);
      await bus.close();
    });

    it('resumes nothing with it', async () => {
      const bus = await Bus.of();
      const stranger = new Stranger(bus).send({ ...nobody, worker: 'old', incarnation: 'i', handles: ['x'] });
      await bus.clock.settle();
      const [welcome] = stranger.of('welcome');
      expect(welcome).to.include({ resumeToken: '', protocol: 0 });
      const call = watched(bus.hub.request('old', 'x', 1));
      await bus.clock.settle();
      void stranger.link.close();
      await bus.clock.settle();
      const again = new Stranger(bus).send({
        ...nobody,
        worker: 'old',
        incarnation: 'i',
        resumeToken: '',
        received: { seq: 0, messages: 0, bytes: 0 },
      });
      await bus.clock.settle();
      expect(again.of('welcome')[0]?.epoch).to.not.equal(welcome?.epoch);
      expect(call.error?.code).to.equal('peer-lost');
      await bus.close();
    });
  });
});
