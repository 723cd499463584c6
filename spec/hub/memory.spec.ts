import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Observable, Subject } from 'rxjs';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Message } from '../../lib/frame/frame.js';
import type { Schema } from '../../lib/handler/standard-schema.js';
import {
  all,
  createHub,
  createWorker,
  defineMessage,
  type HubOptions,
  handler,
  type Worker,
} from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { numbers } from '../lane/rig.js';
import { Bus, nobody, rejection, Stranger, silent, watched } from './bus.js';

const KiB = 1024;
const MiB = KiB * KiB;

/** A process that may hold 8 MiB, of which 4 are promised: 3 for messages, so 768 KiB for one of several peers, and 1 for outcomes. */
const small = {
  lane: { capacityBytes: MiB, reassemblyBytes: 3 * MiB },
  memory: { maxBytes: 8 * MiB },
  outbox: { capacityBytes: 64 * MiB },
} satisfies HubOptions;
const hubOptions = { ...small, limits: { maxPayloadBytes: MiB } } satisfies HubOptions;
const share = 768 * KiB;
const bytes = (count: number) => new Uint8Array(count);
const memoryOf = (bus: Bus) => bus.hub.stats().memory;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heldByNode = () => {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

describe('the memory of a hub', function () {
  this.timeout(60_000);
  noUnhandledRejections();

  it('holds one payload of a broadcast, however many workers read nothing', async () => {
    const ids = Array.from({ length: 50 }, (_, n) => `w${n}`);
    const bus = await Bus.of(
      { outbox: { capacityBytes: 64 * MiB } },
      ...ids.map((id) => ({ id, handlers: [handler('news', () => {})] })),
    );
    for (const id of ids) bus.machine(id).hold();
    const before = heldByNode();
    const payloads = 4;
    for (let count = 1; count <= payloads; count += 1) {
      expect(bus.hub.publish(all(), 'news', bytes(MiB))).to.deep.equal({ queued: 50, dropped: 0 });
      await bus.clock.settle();
      expect(memoryOf(bus).usedBytes).to.equal(count * MiB);
    }
    const { queued, queuedBytes } = bus.hub.stats().outbox;
    expect([queued, queuedBytes > 180 * MiB]).to.deep.equal([50 * payloads, true]);
    expect(heldByNode() - before, 'and what is on the way to each').to.be.below(
      payloads * MiB + 50 * 256 * KiB,
    );
    for (const id of ids.slice(1)) bus.machine(id).release();
    await bus.clock.advance(5_000);
    expect(memoryOf(bus).usedBytes, 'one has all of them').to.equal(payloads * MiB);
    await bus.clock.advance(60_000);
    expect(bus.hub.workers.get('w0')?.liveness).to.equal('lost');
    expect(memoryOf(bus).usedBytes).to.equal(0);
    await bus.close();
  });

  it('is full for one worker that takes nothing, and not for the others', async () => {
    const bus = await Bus.of(
      hubOptions,
      { id: 'w1' },
      { id: 'w2', handlers: [handler('job', () => 'done')] },
    );
    bus.machine('w1').hold();
    await fill(bus, 'w1', 60 * KiB);
    expect(memoryOf(bus).usedBytes).to.be.within(share - 60 * KiB, share);
    expect(bus.hub.publish('w1', 'job', bytes(60 * KiB))).to.deep.equal({ queued: 0, dropped: 1 });
    for (const overflow of ['wait', 'reject'] as const)
      for (const verb of ['send', 'request'] as const) {
        const error = await rejection(bus.hub[verb]('w1', 'job', bytes(60 * KiB), { overflow }), 'overflow');
        expect(error.retryable).to.equal(true);
        expect(error.message).to.match(
          /^'job' to worker 'w1' finds no room in the memory of this process: messages take \d+ bytes of 3145728 already/,
        );
        expect(error.details).to.include({ bound: 'memory.maxBytes', type: 'job', bytes: 60 * KiB });
      }
    let streamed: unknown;
    bus.hub.stream('w1', 'job', bytes(60 * KiB)).subscribe({
      error: (error) => {
        streamed = error;
      },
    });
    expect(BusError.is(streamed, 'overflow')).to.equal(true);
    expect(await bus.settled(bus.hub.request('w2', 'job', bytes(60 * KiB)))).to.equal('done');
    await bus.clock.advance(60_000);
    expect(memoryOf(bus), 'the one is lost').to.deep.equal({ usedBytes: 0, maxBytes: 8 * MiB });
    await bus.close();
  });

  it('wakes who waits with writable() when another worker has taken something', async () => {
    const take = [handler('job', () => {})];
    const bus = await Bus.of(hubOptions, { id: 'w1', handlers: take }, { id: 'w2', handlers: take });
    for (const id of ['w1', 'w2']) bus.machine(id).hold();
    for (const id of ['w1', 'w2']) await fill(bus, id, 1, KiB);
    const room = watched(bus.hub.writable('w2'));
    await bus.clock.settle();
    expect(room.done).to.equal(false);
    bus.machine('w1').release();
    await bus.clock.advance(100);
    expect(room.done).to.equal(true);
    expect(bus.hub.publish('w2', 'job', bytes(1)).queued).to.equal(1);
    await bus.close();
  });

  it('starts nothing more for a worker that takes no replies, and everything for the others', async () => {
    let ran = 0;
    const reply = handler('reply', () => {
      ran += 1;
      return bytes(60 * KiB);
    });
    const bus = await Bus.of({ ...hubOptions, handlers: [reply] }, { id: 'w2' });
    const stranger = await joined(bus);
    stranger.send(...numbers(40).map((n) => asking(n + 1, 'reply', 'reply')));
    await bus.clock.advance(100);
    expect(ran, 'as much as it leaves free of half of a MiB, and one more').to.equal(5);
    expect(memoryOf(bus).usedBytes).to.be.within(300 * KiB, 301 * KiB);
    const [worker] = bus.workers;
    expect(await bus.settled((worker as Worker).request('reply', 1))).to.have.length(60 * KiB);
    for (let at = 0; at < 20; at += 1) {
      stranger.send({ kind: 'ack', seq: Math.max(...stranger.of('outcome').map(({ seq }) => seq)) });
      await bus.clock.advance(5);
    }
    expect(stranger.of('outcome')).to.have.length(40);
    expect(ran).to.equal(41);
    await bus.clock.advance(1_500);
    expect(memoryOf(bus).usedBytes).to.equal(0);
    await bus.close();
  });

  it('asks a generator for no more items for a worker that takes none, whatever was pulled', async () => {
    let given = 0;
    const tail = handler('tail', async function* () {
      for (; given < 30; given += 1) yield bytes(60 * KiB);
    });
    const bus = await Bus.of({ ...hubOptions, handlers: [tail] });
    const stranger = await joined(bus);
    stranger.send(asking(1, 'tail', 'stream'));
    await bus.clock.advance(100);
    expect(given).to.be.within(4, 6);
    for (let at = 0; at < 20; at += 1) {
      stranger.send({ kind: 'ack', seq: Math.max(...stranger.of('outcome').map(({ seq }) => seq)) });
      await bus.clock.advance(5);
    }
    expect(given).to.equal(30);
    expect(stranger.of('outcome').map(({ status }) => status)).to.deep.equal([
      ...numbers(30).map(() => 'item'),
      'done',
    ]);
    await bus.close();
  });

  it('ends the stream of an observable that is further ahead than there is room for', async () => {
    const source = new Subject<Uint8Array>();
    let subscribed = 0;
    const tail = handler(
      'tail',
      () =>
        new Observable<Uint8Array>((subscriber) => {
          subscribed += 1;
          const subscription = source.subscribe(subscriber);
          return () => {
            subscribed -= 1;
            subscription.unsubscribe();
          };
        }),
    );
    const bus = await Bus.of({ ...hubOptions, handlers: [tail] });
    const stranger = await joined(bus);
    stranger.send(asking(1, 'tail', 'stream'));
    await bus.clock.settle();
    let emitted = 0;
    while (subscribed === 1 && emitted < 100) {
      source.next(bytes(60 * KiB));
      emitted += 1;
    }
    await bus.clock.advance(10);
    expect(emitted, '5 on their way, and 12 that wait').to.be.within(17, 19);
    const { fault } = stranger.of('outcome').at(-1) ?? {};
    expect(fault).to.include({ code: 'overflow', retryable: true });
    expect(fault?.message).to.match(/memory of this process/);
    stranger.send({ kind: 'ack', seq: Math.max(...stranger.of('outcome').map(({ seq }) => seq)) });
    await bus.clock.settle();
    expect(memoryOf(bus).usedBytes, 'what waited is forgotten').to.equal(0);
    await bus.close();
  });

  it('ends a stream whose items wait for their check and take more than there is room for', async () => {
    const slow: Schema = {
      '~standard': { version: 1, vendor: 'spec', validate: () => new Promise(() => {}) },
    };
    const Tail = defineMessage('tail', { stream: slow });
    let stopped = false;
    const tail = handler('tail', async function* () {
      try {
        for (;;) yield bytes(60 * KiB);
      } finally {
        stopped = true;
      }
    });
    const bus = await Bus.of({ handlers: [tail] }, { id: 'w1', ...small, maxPayloadBytes: MiB });
    const [worker] = bus.workers as [Worker];
    let most = 0;
    let failed: unknown;
    worker.stream(Tail, undefined).subscribe({
      error: (error) => {
        failed = error;
      },
    });
    for (let ms = 0; ms < 200; ms += 1) {
      await bus.clock.advance(1);
      most = Math.max(most, worker.stats().memory.usedBytes);
    }
    expect(BusError.is(failed, 'overflow'), String(failed)).to.equal(true);
    expect((failed as BusError).details).to.include({ bound: 'memory.maxBytes' });
    expect(most, 'a worker has one peer, which may have all').to.be.within(3 * MiB - 60 * KiB, 3 * MiB);
    expect(stopped).to.equal(true);
    await bus.close();
  });

  it('holds the items of a stream that wait for their check, and no more when they have had it', async () => {
    const bus = await Bus.of(
      { handlers: [handler('tail', () => numbers(20).map(() => bytes(KiB)))] },
      { id: 'w1' },
    );
    const slow: Schema = {
      '~standard': {
        version: 1,
        vendor: 'spec',
        validate: (value) => new Promise((done) => bus.clock.after(10, () => done({ value }))),
      },
    };
    const [worker] = bus.workers as [Worker];
    const used = () => worker.stats().memory.usedBytes;
    let items = 0;
    let completed = false;
    worker.stream(defineMessage('tail', { stream: slow }), undefined).subscribe({
      next: () => {
        items += 1;
      },
      complete: () => {
        completed = true;
      },
    });
    await bus.clock.advance(5);
    expect(used()).to.equal(20 * KiB);
    await bus.clock.advance(100);
    expect(used()).to.equal((20 - items) * KiB);
    await bus.clock.advance(100);
    expect([items, completed, used()]).to.deep.equal([20, true, 0]);
    await bus.close();
  });

  it('counts large payloads from their first byte until they are handled, and what waits for a handler', async () => {
    const ends: (() => void)[] = [];
    const take = handler('take', () => new Promise<void>((resolve) => ends.push(resolve)));
    const bus = await Bus.of({ ...hubOptions, handlers: [take] }, { id: 'w1', maxPayloadBytes: MiB });
    const [worker] = bus.workers as [Worker];
    worker.request('take', bytes(300 * KiB)).catch(() => {});
    worker.request('take', bytes(10 * KiB)).catch(() => {});
    await bus.clock.advance(50);
    const { memory, reassembly } = bus.hub.stats();
    expect(reassembly).to.deep.equal({ usedBytes: 300 * KiB, capacityBytes: 3 * MiB });
    expect(memory.usedBytes).to.equal(310 * KiB);
    for (const end of ends) end();
    await bus.clock.advance(2_000);
    expect(bus.hub.stats()).to.deep.include({
      memory: { usedBytes: 0, maxBytes: 8 * MiB },
      reassembly: { usedBytes: 0, capacityBytes: 3 * MiB },
    });
    await bus.close();
  });

  it('has a bound that grows with what lane and outbox may hold, and must be larger than what is promised', async () => {
    const maxOf = (options: HubOptions) => createHub({ log: silent, ...options }).stats().memory.maxBytes;
    expect(maxOf({})).to.equal(1_216 * MiB);
    expect(maxOf({ lane: { capacityBytes: 5_000 * MiB } })).to.equal((5_000 + 128 + 1_024) * MiB);
    expect(maxOf({ outbox: { capacityBytes: 200 * MiB } })).to.equal((64 + 128 + 3_200) * MiB);
    expect(maxOf({ limits: { maxPayloadBytes: 100 * MiB } })).to.equal((64 + 200 + 1_600) * MiB);
    expect(maxOf({ memory: { maxBytes: 320 * MiB } })).to.equal(320 * MiB);
    for (const make of [
      () => createHub({ memory: { maxBytes: 320 * MiB - 1 } }),
      () => createWorker({ hub: 'x:1', memory: { maxBytes: 320 * MiB - 1 } }),
    ])
      expect(make).to.throw(
        BusError,
        'memory.maxBytes must be at least 335544320, not 335544319: lane.capacityBytes (67108864), ' +
          'lane.reassemblyBytes (134217728) and two of the largest payloads (67108864 each)',
      );
    for (const wrong of [0, -1, Number.NaN, '1', Number.POSITIVE_INFINITY])
      expect(() => createHub({ memory: { maxBytes: wrong as number } })).to.throw(
        BusError,
        'memory.maxBytes',
      );
  });
});

/** Publishes until nothing finds room, in pieces of each size, also when nothing leaves any more. */
async function fill({ hub, clock }: Bus, id: string, ...sizes: number[]): Promise<void> {
  for (const size of sizes.sort((a, b) => b - a))
    for (let turn = 0; turn < 3; turn += 1) {
      while (hub.publish(id, 'job', bytes(size)).queued === 1);
      await clock.settle();
    }
}

const asking = (seq: number, type: string, expects: Message['expects']): Message => ({
  kind: 'message',
  seq,
  type,
  payload: Buffer.from('1'),
  expects,
  codec: 'bytes',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});

/** A worker that reads, and acknowledges nothing by itself. */
async function joined(bus: Bus): Promise<Stranger> {
  const stranger = new Stranger(bus).send({
    ...nobody,
    protocolMin: 1,
    protocolMax: 1,
    features: ['credit', 'resume', 'streams', 'chunks'],
    worker: 'w1',
    credit: { messages: 100, bytes: 100_000 },
  });
  await bus.clock.settle();
  return stranger;
}
