import { expect } from 'chai';
import type { HubOptions, Stats, WorkerOptions } from '../../lib/index.js';
import { BusError, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { wrongIn } from '../simulation/sums.js';
import { Bus, Stranger, watched } from './bus.js';

type Delivery = Stats['delivery'];

/** A bus whose sums are looked at whenever code of its user runs, on both sides. */
class Audited extends Bus {
  readonly wrong: string[] = [];

  static async with(hub: HubOptions = {}, worker: Omit<WorkerOptions, 'hub'> = {}): Promise<Audited> {
    const bus = new Audited();
    await bus.startHub(hub);
    bus.hub.events$.subscribe(() => bus.look());
    bus.worker(worker).events$.subscribe(() => bus.look());
    await bus.settled(bus.mate.start());
    return bus;
  }

  get mate() {
    return this.workers[0] as Bus['workers'][number];
  }

  /** To be called by handlers, keys and whoever else is told of something. */
  look(): void {
    if (this.hub) this.wrong.push(...wrongIn(this.hub.stats().delivery).map((text) => `hub: ${text}`));
    for (const worker of this.workers)
      this.wrong.push(...wrongIn(worker.stats().delivery).map((text) => `${worker.id}: ${text}`));
  }

  /** What is not 0, of what the worker received or the hub sent. */
  received = (): Record<string, unknown> => told(this.mate.stats().delivery.received);
  sent = (): Record<string, unknown> => told(this.hub.stats().delivery.sent);

  override async close(): Promise<void> {
    this.look();
    await super.close();
    this.look();
    expect(this.wrong).to.deep.equal([]);
    for (const { received, sent } of [this.hub, ...this.workers].map((each) => each.stats().delivery))
      expect([received.queued, received.running, sent.queued, sent.waiting]).to.deep.equal([0, 0, 0, 0]);
  }
}

const told = ({ refused, ...numbers }: Delivery['received'] | Delivery['sent']): Record<string, unknown> => {
  const all = typeof refused === 'number' ? { ...numbers, refused } : { ...numbers, ...prefixed(refused) };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
};

const prefixed = (refused: Record<string, number>) =>
  Object.fromEntries(Object.entries(refused).map(([why, count]) => [`refused ${why}`, count]));

const forever = (): Promise<void> => new Promise(() => {});

describe('what a worker has received', () => {
  noUnhandledRejections();

  it('was handled, or failed', async () => {
    const bus = await Audited.with(
      {},
      {
        handlers: [
          handler('good', () => 'yes'),
          handler('later', async () => 'yes'),
          handler('bad', () => {
            bus.look();
            throw new Error('no');
          }),
          handler('badly', async () => {
            throw new Error('no');
          }),
        ],
      },
    );
    for (const type of ['good', 'later', 'bad', 'badly']) {
      watched(bus.hub.request('w1', type, 1));
      watched(bus.hub.send('w1', type, 1));
      bus.hub.publish('w1', type, 1);
    }
    await bus.clock.advance(2_000);
    expect(bus.received()).to.deep.equal({ accepted: 12, handled: 6, faulted: 6 });
    expect(bus.sent()).to.deep.equal({
      offered: 12,
      published: 4,
      accepted: 4,
      done: 4,
      faulted: 2,
      undelivered: 2,
    });
    await bus.close();
  });

  it('failed where its reply is too large, whether the handler gave it at once or later', async () => {
    const large = 'x'.repeat(3_000);
    const bus = await Audited.with(
      { limits: { maxPayloadBytes: 1_000 } },
      { handlers: [handler('now', () => large), handler('later', async () => large)] },
    );
    const calls = ['now', 'later'].map((type) => watched(bus.hub.request('w1', type, 1)));
    await bus.clock.advance(100);
    expect(calls.map(({ error }) => error?.code)).to.deep.equal(['too-large', 'too-large']);
    expect(bus.received()).to.deep.equal({ accepted: 2, faulted: 2 });
    await bus.close();
  });

  it('has expired where its time ran out, in the queue or while it ran, and not where another call timed out', async () => {
    const bus = await Audited.with(
      {},
      {
        handlers: [
          handler('slow', forever, { concurrency: 1 }),
          handler('limited', forever, { timeoutMs: 50 }),
          handler('passes on', async () => {
            throw new BusError('timeout', 'somebody else took too long');
          }),
        ],
      },
    );
    for (let n = 0; n < 2; n += 1) watched(bus.hub.request('w1', 'slow', n, { timeoutMs: 100 }));
    watched(bus.hub.send('w1', 'limited', 1));
    const passed = watched(bus.hub.request('w1', 'passes on', 1));
    await bus.clock.advance(90);
    expect(passed.error?.code).to.equal('timeout');
    expect(bus.received()).to.deep.equal({ accepted: 4, running: 2, queued: 1, faulted: 1 });
    // The cancel of the hub comes after the worker's own clock: the first of the two counts.
    await bus.clock.advance(30);
    expect(bus.received()).to.include({ running: 2 });
    await bus.clock.advance(6_000);
    expect(bus.received()).to.deep.equal({
      accepted: 4,
      faulted: 1,
      expired: 2,
      cancelled: 1,
      abandoned: 2,
    });
    await bus.close();
  });

  it('was cancelled, in the queue, while it ran, or before it came', async () => {
    const bus = await Audited.with({}, { handlers: [handler('slow', forever, { concurrency: 1 })] });
    const abort = new AbortController();
    for (let n = 0; n < 2; n += 1)
      watched(bus.hub.request('w1', 'slow', n, { signal: abort.signal, timeoutMs: 60_000 }));
    await bus.clock.settle();
    // It leaves and is lost with the link; on the next one the cancel comes ahead of what is sent again.
    bus.network.latency('hub', 'w1', 50);
    watched(bus.hub.request('w1', 'slow', 3, { signal: abort.signal }));
    await bus.clock.settle();
    bus.cut('w1');
    bus.network.latency('hub', 'w1', 0);
    abort.abort();
    await bus.clock.advance(6_000);
    expect(bus.received()).to.deep.equal({
      accepted: 2,
      cancelled: 2,
      abandoned: 1,
      'refused cancelled': 1,
    });
    expect(bus.sent()).to.deep.equal({ offered: 3, cancelled: 3 });
    await bus.close();
  });

  it('is lost with the session that it came over, and what had expired has expired', async () => {
    const bus = await Audited.with(
      {},
      {
        handlers: [
          handler('held', forever, { concurrency: 1 }),
          handler('limited', forever, { timeoutMs: 10 }),
        ],
      },
    );
    for (let n = 0; n < 3; n += 1) watched(bus.hub.request('w1', 'held', n));
    watched(bus.hub.request('w1', 'limited', 1));
    watched(bus.hub.send('w1', 'held', 4));
    await bus.clock.advance(100);
    expect(bus.received()).to.deep.equal({ accepted: 5, running: 2, queued: 3 });
    bus.network.partition('hub', 'w1');
    await bus.clock.advance(11_000);
    expect(bus.sent()).to.deep.equal({ offered: 5, accepted: 1, faulted: 1, lost: 3, undelivered: 1 });
    bus.network.heal();
    await bus.clock.advance(20_000);
    expect(bus.received()).to.deep.equal({ accepted: 5, expired: 1, lost: 4, abandoned: 2 });
    await bus.close();
  });

  it('has expired though its session ends before its handler does', async () => {
    const bus = await Audited.with({}, { handlers: [handler('limited', forever, { timeoutMs: 10 })] });
    watched(bus.hub.request('w1', 'limited', 1));
    watched(bus.hub.request('w1', 'limited', 2));
    await bus.clock.advance(100);
    void bus.hub.close();
    await bus.clock.advance(10);
    expect(bus.received()).to.deep.equal({ accepted: 2, running: 2 });
    await bus.clock.advance(10_000);
    expect(bus.received()).to.deep.equal({ accepted: 2, expired: 2, abandoned: 2 });
    await bus.close();
  });

  it('was turned away for the reason that its sender is told', async () => {
    const bus = await Audited.with(
      {},
      { handlers: [handler('held', () => new Promise((end) => bus.clock.after(500, () => end(1))))] },
    );
    const gone = watched(bus.hub.request('w1', 'no such thing', 1));
    bus.hub.publish('w1', 'no such thing', 1);
    await bus.clock.advance(100);
    const running = watched(bus.hub.request('w1', 'held', 1));
    await bus.clock.settle();
    void bus.mate.drain();
    const late = watched(bus.hub.request('w1', 'held', 1));
    await bus.clock.advance(2_000);
    expect([gone, running, late].map(({ error }) => error?.code)).to.deep.equal([
      'unhandled',
      undefined,
      'draining',
    ]);
    expect(bus.received()).to.deep.equal({
      accepted: 1,
      handled: 1,
      'refused unhandled': 2,
      'refused draining': 1,
    });
    expect(bus.sent()).to.deep.equal({ offered: 4, published: 1, done: 1, faulted: 2 });
    await bus.close();
  });

  it('failed where this side drained before it had started', async () => {
    const bus = await Audited.with(
      {},
      {
        handlers: [
          handler('held', () => new Promise((end) => bus.clock.after(500, () => end(1))), { concurrency: 1 }),
        ],
      },
    );
    const calls = [1, 2, 3].map((n) => watched(bus.hub.request('w1', 'held', n)));
    await bus.clock.advance(10);
    void bus.mate.drain();
    await bus.clock.advance(2_000);
    expect(calls.map(({ error }) => error?.code)).to.deep.equal([undefined, 'draining', 'draining']);
    expect(bus.received()).to.deep.equal({ accepted: 3, handled: 1, faulted: 2 });
    await bus.close();
  });

  it('is no more where a reconnect brings it again', async () => {
    const bus = await Audited.with({}, { handlers: [handler('note', () => 1)] });
    bus.network.latency('w1', 'hub', 400);
    const calls = [1, 2, 3].map((n) => watched(bus.hub.request('w1', 'note', n)));
    await bus.clock.advance(50);
    bus.cut('w1');
    bus.network.latency(0);
    bus.network.latency('w1', 'hub', 0);
    await bus.clock.advance(3_000);
    expect(calls.map(({ value }) => value)).to.deep.equal([1, 1, 1]);
    expect(bus.received()).to.deep.equal({ accepted: 3, handled: 3 });
    expect(bus.hub.stats().delivery.received).to.include({ accepted: 0, repeated: 0 });
    await bus.close();
  });

  it('is looked at by a key, and turned away where it is too much', async () => {
    const bus = await Audited.with({
      handlers: [
        handler('keyed', forever, {
          key: (payload) => {
            bus.look();
            return String(payload);
          },
        }),
      ],
    });
    // It names no features: it may have 16 messages without an answer.
    const stranger = new Stranger(bus);
    stranger.send({
      kind: 'hello',
      worker: 'x',
      labels: {},
      handles: [],
      features: [],
      requires: [],
      extra: {},
    });
    await bus.clock.advance(10);
    for (let seq = 1; seq <= 20; seq += 1)
      stranger.send({
        kind: 'message',
        seq,
        type: 'keyed',
        payload: Buffer.from('"a"'),
        expects: 'reply',
        codec: '',
        timeoutMs: 0,
        attempt: 1,
        id: '',
      });
    await bus.clock.advance(10);
    expect(told(bus.hub.stats().delivery.received)).to.deep.equal({
      accepted: 16,
      running: 1,
      queued: 15,
      'refused overflow': 4,
    });
    stranger.link.abort();
    await bus.clock.advance(20_000);
    expect(told(bus.hub.stats().delivery.received)).to.include({ accepted: 16, lost: 16 });
    await bus.close();
  });
});

describe('what a hub has sent', () => {
  noUnhandledRejections();

  it('was dropped, refused, or waits', async () => {
    const outbox = { capacity: 3, capacityBytes: 10_000, maxWaiting: 1 };
    const bus = await Audited.with({ outbox }, { handlers: [handler('note', () => 1)] });
    bus.network.partition('hub', 'w1');
    bus.cut('w1');
    await bus.clock.advance(10);
    for (let n = 0; n < 5; n += 1) bus.hub.publish('w1', 'note', n);
    expect(bus.sent()).to.deep.equal({ offered: 5, queued: 3, dropped: 2 });
    bus.hub.publish('w1', 'note', 'x'.repeat(9_998), { overflow: 'drop-oldest' });
    expect(bus.sent()).to.deep.equal({ offered: 6, queued: 1, dropped: 5 });
    const refused = watched(bus.hub.send('w1', 'note', 1, { overflow: 'reject' }));
    await bus.clock.settle();
    expect(refused.error?.code).to.equal('overflow');
    expect(bus.sent()).to.deep.equal({ offered: 7, queued: 1, dropped: 5, refused: 1 });
    await bus.clock.advance(12_000);
    expect(bus.sent()).to.deep.equal({ offered: 7, dropped: 6, refused: 1 });
    bus.hub.publish('w1', 'note', 1);
    watched(bus.hub.send('w1', 'note', 1));
    expect(bus.sent()).to.deep.equal({ offered: 9, dropped: 7, refused: 2 });
    await bus.close();
  });

  it('ran out of time before it left, or was lost before, and the subscriber of a stream sees the sum closed', async () => {
    const bus = await Audited.with({}, { handlers: [handler('tail', async function* () {})] });
    bus.network.partition('hub', 'w1');
    bus.cut('w1');
    await bus.clock.advance(10);
    watched(bus.hub.request('w1', 'tail', 1, { timeoutMs: 100 }));
    const ended: string[] = [];
    for (let n = 0; n < 3; n += 1)
      bus.hub.stream('w1', 'tail', n).subscribe({
        error: (error) => {
          bus.look();
          ended.push(error.code);
        },
      });
    await bus.clock.advance(200);
    expect(bus.sent()).to.deep.equal({ offered: 4, expired: 1, queued: 3 });
    await bus.clock.advance(12_000);
    expect(bus.sent()).to.deep.equal({ offered: 4, expired: 1, lost: 3 });
    expect(ended).to.deep.equal(['peer-lost', 'peer-lost', 'peer-lost']);
    await bus.close();
  });

  it('is lost all at once where a session ends, before anybody is told', async () => {
    const bus = await Audited.with({}, { handlers: [handler('tail', forever)] });
    let ended = 0;
    for (let n = 0; n < 3; n += 1)
      bus.hub.stream('w1', 'tail', n).subscribe({
        error: () => {
          bus.look();
          ended += 1;
        },
      });
    await bus.clock.advance(10);
    expect(bus.sent()).to.deep.equal({ offered: 3, waiting: 3 });
    void bus.hub.close();
    expect(ended).to.equal(3);
    expect(bus.sent()).to.deep.equal({ offered: 3, lost: 3 });
    await bus.close();
  });

  it('is counted once where whoever is told of an item ends the session', async () => {
    const bus = await Audited.with({}, { handlers: [handler('tail', () => [1])] });
    bus.hub.stream('w1', 'tail', 1).subscribe({
      complete: () => {
        void bus.hub.close();
        bus.look();
      },
      error: () => bus.look(),
    });
    watched(bus.hub.send('w1', 'tail', 1));
    await bus.clock.advance(100);
    bus.look();
    const { done = 0, lost = 0, undelivered = 0 } = bus.sent() as Record<string, number>;
    expect(done + lost + undelivered).to.equal(2);
    await bus.close();
  });
});
