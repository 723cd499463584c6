import { expect } from 'chai';
import { firstValueFrom, toArray } from 'rxjs';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { createWorker, handler, type WorkerOptions } from '../../lib/index.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import { Worker } from '../../lib/worker/worker.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, silent, watched } from '../hub/bus.js';

/** A hub that is the spec: answers each greeting with these frames. */
async function falseHub(bus: Bus, ...answers: (readonly Frame[] | Uint8Array)[]): Promise<{ dials: number }> {
  const seen = { dials: 0 };
  await bus.network.transport('false').listen({ address: 'hub', maxBatchBytes: 1e7 }, (link) => {
    const answer = answers[seen.dials] ?? answers.at(-1);
    seen.dials += 1;
    link.batches$.subscribe({
      next: () => {
        if (answer) link.write(answer instanceof Uint8Array ? answer : encodeBatch(answer), () => {});
      },
      error: () => {},
    });
  });
  return seen;
}

const refusal = (more: object): Frame => ({
  kind: 'refusal',
  code: 'handshake-failed',
  message: 'no',
  retryable: true,
  retryAfterMs: 0,
  details: {},
  ...more,
});

const noMarks = { add: () => 1, remove() {}, enter: () => 0, leave() {}, count() {} };

describe('a worker', () => {
  noUnhandledRejections();

  it('says where it stands, beginning with now', async () => {
    const bus = await Bus.of();
    const worker = bus.worker();
    const states = firstValueFrom(worker.state$.pipe(toArray()));
    await bus.settled(worker.start());
    bus.cut('w1');
    await bus.clock.advance(100);
    void worker.drain();
    await bus.clock.advance(100);
    expect(await states).to.deep.equal([
      'idle',
      'connecting',
      'connected',
      'connecting',
      'connected',
      'draining',
      'closed',
    ]);
    await bus.close();
  });

  it('starts once, however often it is asked to', async () => {
    const bus = await Bus.of();
    const worker = bus.worker();
    const [first, second] = [worker.start(), worker.start()];
    expect(await bus.settled(first)).to.equal(await second);
    expect(bus.happened()).to.deep.equal(['joined w1']);
    await bus.close();
  });

  it('waits for a hub that is not there yet', async () => {
    const bus = new Bus();
    const started = watched(bus.worker().start());
    await bus.clock.advance(5_000);
    expect(started.done).to.equal(false);
    expect(bus.workerEvents.every(({ kind }) => kind === 'unreachable')).to.equal(true);
    await bus.startHub();
    await bus.clock.advance(1_100);
    expect(started.value).to.include({ protocol: 1 });
    await bus.close();
  });

  it('dials an absent hub in waits that grow to a second, and no faster', async () => {
    const bus = new Bus();
    bus
      .worker({ reconnect: { random: () => 0.999 } })
      .start()
      .catch(() => {});
    await bus.clock.advance(20_000);
    const times = bus.workerEvents.map(({ at }) => at);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(waits[0]).to.be.within(45, 60);
    expect(waits.slice(6).every((wait) => wait > 990 && wait < 1_010)).to.equal(true);
    await bus.workers[0]?.close();
  });

  it('makes its waits short again only after a link that lasted', async () => {
    const bus = await Bus.of({}, { id: 'w1', reconnect: { random: () => 0.999 } });
    const absence = async () => {
      bus.workerEvents.length = 0;
      bus.cut('w1');
      await bus.clock.advance(1_200);
      const [gone, back] = ['disconnected', 'connected'].map(
        (kind) => bus.workerEvents.find((event) => event.kind === kind)?.at ?? 0,
      );
      return Math.round((back ?? 0) - (gone ?? 0));
    };
    await bus.clock.advance(5_000);
    expect(await absence()).to.equal(50);
    expect(await absence()).to.equal(50);
    bus.cut('w1');
    await bus.clock.advance(60);
    // That one lasted some milliseconds.
    bus.cut('w1');
    await bus.clock.advance(120);
    expect(await absence()).to.equal(200);
    await bus.close();
  });

  it('waits at least as long as a refusal says', async () => {
    const bus = new Bus();
    const seen = await falseHub(bus, [refusal({ retryAfterMs: 3_000 })]);
    bus
      .worker()
      .start()
      .catch(() => {});
    await bus.clock.advance(2_900);
    expect(seen.dials).to.equal(1);
    await bus.clock.advance(500);
    expect(seen.dials).to.equal(2);
    await bus.workers[0]?.close();
  });

  const finals: readonly (readonly [name: string, answer: Frame, code: string])[] = [
    ['a code that it knows', refusal({ code: 'incompatible', retryable: false }), 'incompatible'],
    ['a code from the future', refusal({ code: 'teleport', retryable: false }), 'handshake-refused'],
  ];
  for (const [name, answer, code] of finals)
    it(`gives up at a final refusal with ${name}`, async () => {
      const bus = new Bus();
      const seen = await falseHub(bus, [answer]);
      const error = await rejection(bus.settled(bus.worker().start()), 'handshake-refused');
      expect(error.details).to.include({ code });
      expect(error).to.include({ retryable: false });
      await bus.clock.advance(10_000);
      expect(seen.dials).to.equal(1);
      await bus.workers[0]?.close();
    });

  const strange: readonly (readonly [name: string, answer: readonly Frame[] | Uint8Array])[] = [
    ['garbage', new Uint8Array(30).fill(0xff)],
    ['no greeting', [{ kind: 'drain' }]],
    ['nothing', new Uint8Array(0)],
  ];
  for (const [name, answer] of strange)
    it(`dials again after ${name} in answer to its greeting`, async () => {
      const bus = new Bus();
      const seen = await falseHub(bus, answer);
      const started = watched(bus.worker({ handshakeTimeoutMs: 500 }).start({ timeoutMs: 4_000 }));
      await bus.clock.advance(3_999);
      expect(seen.dials).to.be.above(2);
      await bus.clock.advance(1);
      expect(started.error).to.include({ retryable: true });
      await bus.workers[0]?.close();
      await bus.clock.advance(10_000);
      expect(bus.clock.pending).to.equal(0);
    });

  it('tells no grant twice: it could cross with credit that is given back, and undo that on one side', async () => {
    const bus = new Bus();
    const heard: Frame[] = [];
    const welcome: Frame = {
      kind: 'welcome',
      protocol: 1,
      sdk: '0.1.0',
      worker: 'w1',
      epoch: 'e',
      features: ['credit'],
      reasons: [],
      beat: { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000, stalledAfterMs: 2_000 },
      maxPayloadBytes: 1_000,
      resumeToken: '',
      credit: { messages: 5, bytes: 1_000 },
      handles: [],
      labels: {},
    };
    await bus.network.transport('false').listen({ address: 'hub', maxBatchBytes: 1e7 }, (link) => {
      link.batches$.subscribe((batch) => {
        heard.push(...decodeBatch(batch).frames);
        if (heard.length === 1) link.write(encodeBatch([welcome]), () => {});
      });
    });
    await bus.settled(bus.worker().start());
    await bus.clock.advance(1_000);
    expect(heard.map(({ kind }) => kind)).to.deep.equal(['hello', 'beat']);
    await bus.workers[0]?.close();
  });

  it('keeps what is sent before it has joined, in order, and sends it then', async () => {
    const seen: unknown[] = [];
    const bus = await Bus.of({ handlers: [handler('note', ({ payload }) => void seen.push(payload))] });
    const worker = bus.worker();
    worker.publish('note', 1);
    const sent = watched(worker.send('note', 2));
    worker.publish('note', 3);
    await bus.settled(worker.start());
    await bus.clock.settle();
    expect(seen).to.deep.equal([1, 2, 3]);
    expect(sent).to.deep.include({ done: true });
    await bus.close();
  });

  it('drops what finds no room, and says so in what it returns', async () => {
    const bus = new Bus();
    const worker = bus.worker({ outbox: { capacity: 2 } });
    expect([1, 2, 3].map((n) => worker.publish('note', n))).to.deep.equal([
      { queued: 1, dropped: 0 },
      { queued: 1, dropped: 0 },
      { queued: 0, dropped: 1 },
    ]);
    expect(worker.publish('note', 4, { overflow: 'drop-oldest' })).to.deep.equal({ queued: 1, dropped: 1 });
    await rejection(worker.send('note', 5, { overflow: 'reject' }), 'overflow');
    const writable = watched(worker.writable());
    const seen: unknown[] = [];
    await bus.startHub({ handlers: [handler('note', ({ payload }) => void seen.push(payload))] });
    expect(writable.done).to.equal(false);
    await bus.settled(worker.start());
    await bus.clock.settle();
    expect(writable.done).to.equal(true);
    expect(seen).to.deep.equal([2, 4]);
    await bus.close();
  });

  it('cancels a request by its signal, before it leaves and after', async () => {
    let aborted = 0;
    const hang = handler('hang', (_, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted += 1;
      });
      return new Promise(() => {});
    });
    const bus = await Bus.of({ handlers: [hang] });
    const worker = bus.worker();
    const before = new AbortController();
    const unsent = watched(worker.request('hang', {}, { signal: before.signal }));
    before.abort();
    await bus.settled(worker.start());
    expect(unsent.error?.code).to.equal('cancelled');
    expect(aborted).to.equal(0);
    const after = new AbortController();
    const sent = watched(worker.request('hang', {}, { signal: after.signal }));
    await bus.clock.settle();
    after.abort('enough');
    await bus.clock.settle();
    expect(sent.error).to.include({ code: 'cancelled', cause: 'enough' });
    expect(aborted).to.equal(1);
    await rejection(worker.request('hang', {}, { signal: AbortSignal.abort() }), 'cancelled');
    await bus.close();
  });

  it('times a request out, on both sides', async () => {
    let reason: unknown;
    const hang = handler('hang', (_, { signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    });
    const bus = await Bus.of({ handlers: [hang] }, { id: 'w1' });
    const call = watched(bus.workers[0]?.request('hang', {}, { timeoutMs: 300 }) ?? Promise.reject());
    await bus.clock.advance(301);
    expect(call.error).to.include({ code: 'timeout', retryable: true });
    expect(call.error?.details).to.include({ delivery: 'unknown', timeoutMs: 300 });
    expect(reason).to.include({ name: 'BusError' });
    await bus.close();
  });

  for (const timeoutMs of [0, -1, Number.NaN, '500' as never])
    it(`takes no timeout of ${JSON.stringify(timeoutMs)} ms`, async () => {
      await rejection(new Bus().worker().send('x', 1, { timeoutMs }), 'invalid-option');
    });

  it('is hurt by no subscriber of its events, its state or a stream', async () => {
    const logged: string[] = [];
    const log = { ...silent, error: (text: string) => void logged.push(text) };
    const bus = await Bus.of({
      handlers: [
        handler('count', async function* () {
          yield* [1, 2, 3];
        }),
      ],
    });
    const worker = bus.worker({ log });
    const fail = () => {
      throw new Error('mine');
    };
    worker.events$.subscribe(fail);
    worker.state$.subscribe(fail);
    await bus.settled(worker.start());
    worker.stream('count', {}).subscribe(fail);
    worker.stream('nobody', {}).subscribe();
    await bus.clock.settle();
    expect(logged.length).to.be.above(4);
    expect(logged.every((text) => /threw/.test(text))).to.equal(true);
    const items: unknown[] = [];
    worker.stream('count', {}).subscribe((item) => items.push(item));
    await bus.clock.settle();
    expect(items).to.deep.equal([1, 2, 3]);
    await bus.close();
  });

  it('asks for a stream anew at each subscription', async () => {
    let asked = 0;
    const bus = await Bus.of({ handlers: [handler('count', () => [++asked])] }, { id: 'w1' });
    const items$ = bus.workers[0]?.stream('count', {});
    const items: unknown[] = [];
    items$?.subscribe((item) => items.push(item));
    items$?.subscribe((item) => items.push(item));
    await bus.clock.settle();
    expect(items).to.have.members([1, 2]);
    await bus.close();
  });

  it('has its pulse beat before anybody hears that it has joined, and may hold the event loop', async () => {
    const bus = await Bus.of();
    const { clock, transport } = bus.machine('w1');
    const told: string[] = [];
    const member = { marks: noMarks, beat: () => told.push('beat'), rest() {}, leave() {} };
    const worker = new Worker(
      { hub: 'hub', id: 'w1', log: silent },
      { clock, transport, injection: tsyringeInjection, pulse: { join: () => member } },
    );
    worker.state$.subscribe((state) => told.push(state));
    worker.events$.subscribe(({ kind }) => told.push(kind));
    await bus.settled(worker.start());
    expect(told.slice(0, 5)).to.deep.equal(['idle', 'connecting', 'beat', 'connected', 'connected']);
    bus.workers.push(worker);
    await bus.close();
  });

  const wrong: readonly (readonly [name: string, options: Partial<WorkerOptions>])[] = [
    ['a lane of nothing', { lane: { concurrency: 0 } }],
    ['an unknown limit', { outbox: { size: 5 } as never }],
    ['a wait that is no number', { reconnect: { maxMs: Number.NaN } }],
    ['two handlers of one type', { handlers: [handler('x', () => {}), handler('x', () => {})] }],
  ];
  for (const [name, options] of wrong)
    it(`is not made with ${name}`, () => {
      expect(() => createWorker({ hub: '127.0.0.1:1', ...options }))
        .to.throw()
        .with.property('code', 'invalid-option');
    });
});
