import { expect } from 'chai';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame, Welcome } from '../../lib/frame/frame.js';
import { features } from '../../lib/handshake/profile.js';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger, watched } from './bus.js';

const message = (seq: number, type = 'note'): Frame => ({
  kind: 'message',
  seq,
  type,
  payload: Buffer.from(String(seq)),
  expects: 'reply',
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});

const value = (seq: number, re: number, text: string): Frame => ({
  kind: 'outcome',
  seq,
  re,
  status: 'value',
  payload: Buffer.from(JSON.stringify(text)),
  codec: '',
});

const hello = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  version: '1.0.0',
  worker: 'w1',
  incarnation: 'i1',
  handles: ['ask'],
  features,
  credit: { messages: 100, bytes: 1e6 },
};

/** A worker by hand, which goes on over a link that the hub has let go of: its end of the link knows nothing of that. */
async function joined(bus: Bus) {
  const stranger = new Stranger(bus).send(hello);
  await bus.clock.settle();
  const [welcome] = stranger.of('welcome');
  if (welcome === undefined) return expect.fail('no welcome');
  return { stranger, welcome };
}

/** A bus whose hub notes what it handles. */
async function noting() {
  const seen: unknown[] = [];
  const bus = await Bus.of({
    handlers: [
      handler('note', ({ payload }) => {
        seen.push(payload);
        return 'noted';
      }),
    ],
  });
  return { bus, seen };
}

const resuming = ({ resumeToken }: Welcome) => ({
  resumeToken,
  received: { seq: 0, messages: 0, bytes: 0 },
});

const fencedOf = (bus: Bus) =>
  bus.events
    .filter(({ kind }) => kind === 'fenced')
    .map(({ worker, cause, epoch }) => ({ worker, cause, epoch }));

describe('frames over a link that does not count any more', () => {
  noUnhandledRejections();

  it('change nothing where its worker was lost, and are counted and told once', async () => {
    const { bus, seen } = await noting();
    const { stranger, welcome } = await joined(bus);
    const asked = watched(bus.hub.request('w1', 'ask', 1));
    await bus.clock.settle();
    // As after SIGSTOP: nothing is heard of it, and what it says comes after the verdict.
    bus.network.partition('hub', 'stranger');
    stranger
      .send(message(1))
      .send(message(2))
      .send(value(3, 1, 'old'));
    await bus.clock.advance(10_500);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('lost');
    expect(asked.error?.code).to.equal('peer-lost');
    const before = bus.hub.stats().delivery;
    // Before the echo of the close ends the link.
    bus.network.heal();
    await bus.clock.settle();
    stranger.send(message(4));
    await bus.clock.advance(20);
    const after = bus.hub.stats().delivery;
    expect(seen).to.deep.equal([]);
    expect(after.fenced - before.fenced).to.be.within(3, 4);
    expect({ ...after, fenced: 0 }).to.deep.equal({ ...before, fenced: 0 });
    expect(fencedOf(bus)).to.deep.equal([
      {
        worker: 'w1',
        cause: 'frames came over a link that does not count any more: it is lost',
        epoch: welcome.epoch,
      },
    ]);
    await bus.close();
  });

  it('settle no call of the session that took its place', async () => {
    const { bus, seen } = await noting();
    const { stranger } = await joined(bus);
    watched(bus.hub.request('w1', 'ask', 'first'));
    await bus.clock.settle();
    // It does not answer the probe, so another process takes its id.
    bus.network.latency('stranger', 'hub', 4_000);
    stranger.send(message(1), value(2, 1, 'old'));
    const next = new Stranger(bus, 'next').send({ ...hello, incarnation: 'i2' });
    await bus.clock.advance(3_500);
    expect(next.of('welcome')).to.have.length(1);
    const asked = watched(bus.hub.request('w1', 'ask', 'second'));
    await bus.clock.settle();
    expect(next.of('message').map(({ seq }) => seq)).to.deep.equal([1]);
    await bus.clock.advance(1_000);
    expect(asked.done, 'the outcome of the old session settles nothing').to.equal(false);
    expect(seen).to.deep.equal([]);
    expect(fencedOf(bus)).to.have.length(1);
    expect(fencedOf(bus)[0]?.cause).to.include('superseded');
    expect(bus.hub.stats().delivery).to.include({ fenced: 2 });
    next.send(value(1, 1, 'new'));
    await bus.clock.settle();
    expect(asked.value).to.equal('new');
    await bus.close();
  });

  it('are counted on a link that its own worker has replaced, and the new one goes on', async () => {
    const { bus, seen } = await noting();
    const { stranger, welcome } = await joined(bus);
    bus.network.latency('stranger', 'hub', 500);
    stranger.send(message(1));
    bus.network.latency('stranger', 'hub', 0);
    const again = new Stranger(bus, 'again').send({ ...hello, ...resuming(welcome) });
    await bus.clock.settle();
    expect(again.of('welcome')[0]).to.include({ epoch: welcome.epoch });
    again.send(message(1));
    await bus.clock.advance(600);
    expect(seen).to.deep.equal([1]);
    expect(bus.hub.stats().delivery).to.include({ fenced: 1 });
    expect(fencedOf(bus).map(({ cause }) => cause)).to.deep.equal([
      'frames came over a link that does not count any more: its link was replaced',
    ]);
    await bus.close();
  });

  it('that cannot be read say nothing on the link that took its place', async () => {
    const { bus } = await noting();
    const { stranger, welcome } = await joined(bus);
    bus.network.latency('stranger', 'hub', 500);
    stranger.bytes(Buffer.from('no batch'));
    bus.network.latency('stranger', 'hub', 0);
    const again = new Stranger(bus, 'again').send({ ...hello, ...resuming(welcome) });
    await bus.clock.advance(600);
    expect(again.of('refusal')).to.deep.equal([]);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    await bus.close();
  });

  it('are no news of a worker that left by itself', async () => {
    const { bus } = await noting();
    const { stranger } = await joined(bus);
    stranger.send({ kind: 'bye', reason: 'done', seq: 0 }).send(message(1));
    await bus.clock.advance(10);
    expect(bus.hub.stats().delivery).to.include({ fenced: 1 });
    expect(fencedOf(bus)).to.deep.equal([]);
    await bus.close();
  });

  it('are counted on a worker too: the hub that it gave up settles nothing of the next one', async () => {
    const told: Frame[] = [];
    const bus = new Bus();
    const { transport } = bus.machine('hub');
    const links: { write(batch: Uint8Array, done: () => void): void }[] = [];
    await transport.listen({ address: 'hub', maxBatchBytes: 1e7 }, (link) => {
      links.push(link);
      link.batches$.subscribe({ next: (batch) => told.push(...decodeBatch(batch).frames), error() {} });
    });
    const write = (index: number, ...frames: Frame[]) => links[index]?.write(encodeBatch(frames), () => {});
    const welcome = (epoch: string): Frame => ({
      kind: 'welcome',
      protocol: 1,
      sdk: '0.0.0',
      worker: 'w1',
      epoch,
      features,
      reasons: [],
      beat: { intervalMs: 100, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 300 },
      maxPayloadBytes: 1e6,
      resumeToken: 'token',
      credit: { messages: 100, bytes: 1e6 },
      handles: [],
      labels: {},
    });
    const worker = bus.worker({ id: 'w1' });
    const started = worker.start();
    await bus.clock.settle();
    write(0, welcome('e1'));
    await bus.clock.settle();
    await started;
    const first = watched(worker.request('ask', 'first'));
    await bus.clock.settle();
    // The old hub's answer is long under way as the worker gives it up and finds another in its place.
    bus.network.latency('hub', 'w1', 1_900);
    write(0, value(1, 1, 'old'));
    bus.network.latency('hub', 'w1', 0);
    await bus.clock.advance(1_400);
    write(1, welcome('e2'));
    await bus.clock.settle();
    expect(first.error?.code).to.equal('peer-lost');
    const second = watched(worker.request('ask', 'second'));
    await bus.clock.advance(600);
    expect(second.done).to.equal(false);
    expect(worker.stats().delivery.fenced).to.equal(1);
    await worker.close();
    await bus.clock.advance(20_000);
  });
});
