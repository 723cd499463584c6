import { expect } from 'chai';
import type { Hello, Message } from '../../lib/frame/frame.js';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger, watched } from './bus.js';

const modern: Hello = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features: ['credit', 'resume', 'streams'],
  worker: 'w1',
  incarnation: 'i',
};
const message = (seq: number, type: string): Message => ({
  kind: 'message',
  seq,
  type,
  payload: new TextEncoder().encode(String(seq)),
  expects: 'reply',
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});
const many = (from: number, count: number, type: string) =>
  Array.from({ length: count }, (_, index) => message(from + index, type));

/** A hub with a handler that waits until it is told, and one that does not. */
async function slowHub() {
  const open: (() => void)[] = [];
  const slow = handler('slow', () => new Promise<void>((resolve) => void open.push(resolve)));
  const bus = await Bus.of({ handlers: [slow, handler('echo', ({ payload }) => payload)] });
  const finish = async (count: number) => {
    for (let left = count; left > 0; left -= 1) {
      open.shift()?.();
      await bus.clock.settle();
    }
  };
  return { bus, finish };
}
const holds = (stranger: Stranger) => stranger.of('hold').map(({ type, held }) => `${type} ${held}`);

describe('hold', () => {
  noUnhandledRejections();

  it('is told when a type fills half of its session, and taken back when half of that is gone', async () => {
    const { bus, finish } = await slowHub();
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    stranger.send(...many(1, 60, 'slow'));
    await bus.clock.settle();
    // 32 of the 60 run, and of 64 places 28 are taken.
    expect(holds(stranger)).to.deep.equal([]);
    stranger.send(...many(61, 4, 'slow'));
    await bus.clock.settle();
    stranger.send(...many(65, 32, 'slow'));
    await bus.clock.settle();
    expect(holds(stranger), 'the window is 128 now, and 64 wait').to.deep.equal(['slow true']);
    await finish(31);
    expect(holds(stranger)).to.have.length(1);
    await finish(1);
    expect(holds(stranger)).to.deep.equal(['slow true', 'slow false']);
    await bus.close();
  });

  it('leaves a handler that asks for more of the slots as much more of the places', async () => {
    const slow = handler('slow', () => new Promise(() => {}), { concurrency: 48 });
    const bus = await Bus.of({ handlers: [slow] });
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    stranger.send(...many(1, 64, 'slow'));
    await bus.clock.settle();
    stranger.send(...many(65, 79, 'slow'));
    await bus.clock.settle();
    expect(holds(stranger), 'of 128 places 95 are taken').to.deep.equal([]);
    stranger.send(message(144, 'slow'));
    await bus.clock.settle();
    expect(holds(stranger)).to.deep.equal(['slow true']);
    await bus.close();
  });

  it('keeps messages of the type back at the sender, and no others, until it is released', async () => {
    const bus = await Bus.of();
    const stranger = new Stranger(bus).send({
      ...modern,
      handles: ['x', 'y'],
      credit: { messages: 100, bytes: 10_000 },
    });
    await bus.clock.settle();
    stranger.send({ kind: 'hold', type: 'x', held: true });
    await bus.clock.settle();
    for (let n = 0; n < 5; n++) for (const type of ['x', 'y']) bus.hub.request('w1', type, n).catch(() => {});
    await bus.clock.settle();
    expect(stranger.of('message').map(({ type }) => type)).to.deep.equal(Array(5).fill('y'));
    stranger.send({ kind: 'hold', type: 'x', held: false });
    await bus.clock.settle();
    expect(
      stranger
        .of('message')
        .slice(5)
        .map(({ type }) => type),
    ).to.deep.equal(Array(5).fill('x'));
    await bus.close();
  });

  it('lets what is kept back run into its timeout as not sent, and a publish be dropped by its own rule', async () => {
    const bus = await Bus.of({ outbox: { capacity: 2 } });
    const stranger = new Stranger(bus).send({
      ...modern,
      handles: ['x'],
      credit: { messages: 100, bytes: 10_000 },
    });
    stranger.send({ kind: 'hold', type: 'x', held: true });
    await bus.clock.settle();
    const call = watched(bus.hub.request('w1', 'x', 1, { timeoutMs: 100 }));
    expect(bus.hub.publish('w1', 'x', 2)).to.deep.equal({ queued: 1, dropped: 0 });
    expect(bus.hub.publish('w1', 'x', 3)).to.deep.equal({ queued: 0, dropped: 1 });
    expect(bus.hub.publish('w1', 'x', 4, { overflow: 'drop-oldest' })).to.deep.equal({
      queued: 1,
      dropped: 1,
    });
    await bus.clock.advance(100);
    expect(call.error).to.include({ code: 'timeout' });
    expect(call.error?.details).to.include({ delivery: 'not-sent' });
    await bus.close();
  });

  it('is told again to a peer that resumes, and not to one that begins anew', async () => {
    const { bus } = await slowHub();
    const first = new Stranger(bus).send(modern);
    await bus.clock.settle();
    first.send(...many(1, 64, 'slow'));
    await bus.clock.settle();
    first.send(...many(65, 64, 'slow'));
    await bus.clock.settle();
    expect(holds(first)).to.deep.equal(['slow true']);
    const { resumeToken } = first.of('welcome')[0] ?? expect.fail();
    bus.cut('stranger');
    await bus.clock.settle();
    const again = new Stranger(bus).send({
      ...modern,
      resumeToken,
      received: { seq: 0, messages: 0, bytes: 0 },
    });
    await bus.clock.settle();
    expect(again.of('welcome')[0]?.received?.seq).to.equal(128);
    expect(holds(again)).to.deep.equal(['slow true']);
    bus.cut('stranger');
    await bus.clock.settle();
    const anew = new Stranger(bus).send({ ...modern, incarnation: 'j' });
    await bus.clock.settle();
    expect(anew.of('welcome')[0]?.received).to.equal(undefined);
    anew.send(message(1, 'slow'));
    await bus.clock.settle();
    expect(holds(anew)).to.deep.equal([]);
    await bus.close();
  });

  it('hurts nobody when it is not heeded: what was granted is taken, the rest refused, others are served', async () => {
    const { bus, finish } = await slowHub();
    const stranger = new Stranger(bus).send(modern);
    await bus.clock.settle();
    let sent = 0;
    for (let round = 0; round < 50; round++) {
      const limit = stranger.of('credit').at(-1) ?? stranger.of('welcome')[0]?.credit;
      const count = (limit?.messages ?? 0) - sent;
      stranger.send(...many(sent + 1, count, 'slow'));
      sent += count;
      await bus.clock.settle();
    }
    // Its window was 256; what it sends in spite of the hold gives it no more than half of that again.
    expect(sent).to.be.within(128, 256 + 128 + 32);
    expect(stranger.of('outcome')).to.deep.equal([]);
    const other = await bus.join({ id: 'w2' });
    expect(await bus.settled(other.request('echo', 1))).to.equal(1);
    await finish(sent);
    expect(stranger.of('outcome')).to.have.length(sent);
    await bus.close();
  }).timeout(10_000);

  it('is not told to a peer of the baseline profile', async () => {
    const slow = handler('slow', () => new Promise(() => {}), { concurrency: 1 });
    const bus = await Bus.of({ handlers: [slow], lane: { capacity: 8 } });
    const stranger = new Stranger(bus).send({ ...nobody, worker: 'old' });
    await bus.clock.settle();
    for (let seq = 1; seq < 40; seq += 4) {
      stranger.send(...many(seq, 4, 'slow'));
      await bus.clock.settle();
    }
    expect(stranger.of('hold')).to.deep.equal([]);
    await bus.close();
  });

  it('costs little memory when a peer makes up types, and has no effect on them once it is released', async () => {
    const bus = await Bus.of();
    const stranger = new Stranger(bus).send({
      ...modern,
      handles: ['x'],
      credit: { messages: 100, bytes: 10_000 },
    });
    await bus.clock.settle();
    for (let n = 0; n < 10_000; n++) stranger.send({ kind: 'hold', type: `made up ${n}`, held: true });
    await bus.clock.settle();
    bus.hub.request('w1', 'x', 1).catch(() => {});
    await bus.clock.settle();
    expect(stranger.of('message')).to.have.length(1);
    await bus.close();
  });
});
