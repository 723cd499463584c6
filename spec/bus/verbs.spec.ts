import { expect } from 'chai';
import { lastValueFrom, take, toArray } from 'rxjs';
import {
  all,
  any,
  BusError,
  type Context,
  type HandlerMessage,
  handler,
  type Worker,
} from '../../lib/index.js';
import { eventually, failure, sleep } from './moment.js';
import { hello } from './raw-peer.js';
import { Trial } from './trial.js';

interface Seen {
  readonly message: HandlerMessage;
  readonly context: Context;
}

/** Handlers that note what they see, for either side. */
function noting() {
  const seen: Seen[] = [];
  const stopped: BusError[] = [];
  const running = { now: 0, most: 0, given: 0 };
  const note = (message: HandlerMessage, context: Context) => void seen.push({ message, context });
  const busy = async (ms: number) => {
    running.now += 1;
    running.most = Math.max(running.most, running.now);
    await sleep(ms);
    running.now -= 1;
  };
  const handlers = [
    handler('note', note),
    handler('echo', (message, context) => {
      note(message, context);
      return message.payload;
    }),
    handler('nothing', () => {}),
    handler('refuse', () => {
      throw new BusError('overflow', 'not now', { retryable: true, details: { n: 1 } });
    }),
    handler('hang', (message, context) => {
      note(message, context);
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener('abort', () => {
          stopped.push(context.signal.reason as BusError);
          reject(context.signal.reason);
        });
      });
    }),
    handler('tail', async function* ({ payload }, context) {
      try {
        for (let n = 0; n < (payload as number); n++) {
          running.given = n;
          yield n;
        }
      } finally {
        stopped.push(context.signal.reason as BusError);
      }
    }),
    handler(
      'one at a time',
      async (message, context) => {
        await busy(message.payload === 'first' ? 120 : 2);
        note(message, context);
      },
      { concurrency: 1 },
    ),
    handler(
      'by key',
      async (message, context) => {
        const { key, ms } = message.payload as { key: string; ms: number };
        await busy(ms);
        note(message, { ...context, attempt: key.length });
      },
      { key: (payload) => (payload as { key: string }).key },
    ),
    handler('plug', () => sleep(150), { concurrency: 1 }),
  ];
  return { seen, stopped, running, handlers };
}

for (const side of ['worker', 'hub'] as const)
  describe(`a message to the ${side}`, () => {
    let there = noting();
    let worker: Worker;
    const outbox = { capacity: 20, maxWaiting: 10 };
    const trial = Trial.suite(() => {
      there = noting();
      return { outbox, ...(side === 'hub' ? { handlers: there.handlers } : {}) };
    });
    type Rest = [type: string, payload?: unknown, options?: object];
    const bus = {
      publish: (...[type, payload, options]: Rest) =>
        side === 'hub'
          ? worker.publish(type, payload, options)
          : trial.hub.publish('w1', type, payload, options),
      send: (...[type, payload, options]: Rest) =>
        side === 'hub' ? worker.send(type, payload, options) : trial.hub.send('w1', type, payload, options),
      request: (...[type, payload, options]: Rest) =>
        side === 'hub'
          ? worker.request(type, payload, options)
          : trial.hub.request('w1', type, payload, options),
      stream: (...[type, payload, options]: Rest) =>
        side === 'hub'
          ? worker.stream(type, payload, options)
          : trial.hub.stream('w1', type, payload, options),
      writable: () => (side === 'hub' ? worker.writable() : trial.hub.writable('w1')),
    };
    const payloads = () => there.seen.map(({ message }) => message.payload);

    beforeEach(async () => {
      worker = await trial.worker({
        id: 'w1',
        labels: { zone: 'a' },
        outbox,
        handlers: side === 'worker' ? there.handlers : [],
      });
    });

    it('is published without waiting, and says that it was taken', async () => {
      expect(bus.publish('note', 1)).to.deep.equal({ queued: 1, dropped: 0 });
      await eventually('it is handled', () => there.seen.length === 1);
    });

    it('is sent: resolves with nothing when it was accepted', async () => {
      expect(await bus.send('note', { a: [1, 'x', null] })).to.equal(undefined);
      await eventually('it is handled', () => there.seen.length === 1);
      expect(payloads()).to.deep.equal([{ a: [1, 'x', null] }]);
    });

    it('that is sent and accepted resolves before its handler has ended', async () => {
      await bus.send('hang', 0);
      expect(there.stopped).to.deep.equal([]);
    });

    it('is requested: resolves with the reply, or undefined for none', async () => {
      expect(await bus.request('echo', { deep: { n: 1 } })).to.deep.equal({ deep: { n: 1 } });
      expect(await bus.request('nothing', 1)).to.equal(undefined);
      expect(await bus.request('echo', undefined)).to.equal(undefined);
      expect(await bus.request('echo', null)).to.equal(null);
      expect(await bus.request('echo', '')).to.equal('');
    });

    it('of bytes passes as bytes', async () => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => n);
      const back = (await bus.request('echo', bytes)) as Uint8Array;
      expect(Buffer.compare(Buffer.from(back), Buffer.from(bytes))).to.equal(0);
    });

    it('of 1 MiB comes through, with small ones beside it', async () => {
      const large = 'x'.repeat(1024 * 1024);
      const [back, ...others] = await Promise.all([
        bus.request('echo', large),
        ...Array.from({ length: 5 }, (_, n) => bus.request('echo', n)),
      ]);
      expect(back).to.equal(large);
      expect(others).to.deep.equal([0, 1, 2, 3, 4]);
    });

    it('streams its replies in order, to the end', async () => {
      expect(await lastValueFrom(bus.stream('tail', 1_000).pipe(toArray()))).to.deep.equal(
        Array.from({ length: 1_000 }, (_, n) => n),
      );
    });

    it('streams anew at each subscription, and nothing before', async () => {
      const items$ = bus.stream('tail', 3);
      await sleep(20);
      expect(there.stopped).to.have.lengthOf(0);
      const both = Promise.all([
        lastValueFrom(items$.pipe(toArray())),
        lastValueFrom(items$.pipe(toArray())),
      ]);
      expect(await both).to.deep.equal([
        [0, 1, 2],
        [0, 1, 2],
      ]);
    });

    it('whose stream is unsubscribed stops its handler', async () => {
      const items = await lastValueFrom(bus.stream('tail', 1e9).pipe(take(100), toArray()));
      expect(items).to.have.lengthOf(100);
      const reason = await eventually('it stops', () => there.stopped[0]);
      expect(reason).to.include({ code: 'cancelled' });
    });

    it('whose stream is left early was not made far ahead of its reader', async () => {
      await lastValueFrom(bus.stream('tail', 1e9).pipe(take(200)));
      await eventually('it stops', () => there.stopped[0]);
      expect(there.running.given).to.be.within(199, 200 + 4 * 64);
    });

    it('carries its headers, its type, an attempt, and an id of its own', async () => {
      await bus.request('echo', 1, { headers: { trace: 'abc', 'x-ä': 'ü' } });
      await bus.request('echo', 2);
      bus.publish('note', 3, { headers: { p: 'q' } });
      await eventually('all three', () => there.seen.length === 3);
      const [first, second, third] = there.seen;
      expect(first?.message.headers).to.deep.equal({ trace: 'abc', 'x-ä': 'ü' });
      expect(second?.message.headers).to.deep.equal({});
      expect(third?.message.headers).to.deep.equal({ p: 'q' });
      expect(first?.message.type).to.equal('echo');
      expect(first?.context.attempt).to.equal(1);
      expect(new Set(there.seen.map(({ message }) => message.id)).size).to.equal(3);
    });

    it('says who sent it, by the link', async () => {
      await bus.request('echo', { from: { id: 'somebody else' } });
      const from = there.seen[0]?.context.from;
      if (side === 'worker') expect(from?.id).to.equal('hub');
      else
        expect(from).to.deep.include({
          id: 'w1',
          labels: { zone: 'a' },
          epoch: trial.hub.workers.get('w1')?.epoch,
        });
    });

    it('has the deadline that its caller gave', async () => {
      await bus.request('echo', 1, { timeoutMs: 1_500 });
      const deadline = there.seen[0]?.context.deadline ?? 0;
      expect(deadline - Date.now()).to.be.within(900, 1_510);
    });

    it('that runs out of time rejects on time, and the signal of its handler fires', async () => {
      const began = performance.now();
      const error = await failure(bus.request('hang', 0, { timeoutMs: 120 }));
      expect(performance.now() - began).to.be.within(110, 2_000);
      expect(error).to.include({ code: 'timeout', retryable: true });
      const reason = await eventually('the signal', () => there.stopped[0]);
      expect(reason?.code).to.be.oneOf(['timeout', 'cancelled']);
    });

    it('that waits longer than its deadline is not run', async () => {
      const first = bus.request('one at a time', 'first');
      await sleep(5);
      expect(await failure(bus.request('one at a time', 'second', { timeoutMs: 40 }))).to.include({
        code: 'timeout',
      });
      await first;
      await bus.request('one at a time', 'third');
      expect(payloads()).to.deep.equal(['first', 'third']);
    });

    it('that is cancelled while it runs rejects at once, and the signal of its handler fires', async () => {
      const given = new AbortController();
      const asked = failure(bus.request('hang', 0, { signal: given.signal }));
      await eventually('it runs', () => there.seen.length === 1);
      given.abort(new Error('changed my mind'));
      const error = await asked;
      expect(error).to.include({ code: 'cancelled' });
      expect(error.cause).to.have.property('message', 'changed my mind');
      const reason = await eventually('the signal', () => there.stopped[0]);
      expect(reason).to.include({ code: 'cancelled' });
    });

    it('that is cancelled while it is queued is never run', async () => {
      const given = new AbortController();
      const first = bus.request('one at a time', 'first');
      const asked = failure(bus.request('one at a time', 'second', { signal: given.signal }));
      await sleep(20);
      given.abort();
      expect(await asked).to.include({ code: 'cancelled' });
      await first;
      await bus.request('one at a time', 'third');
      expect(payloads()).to.deep.equal(['first', 'third']);
    });

    it('that is cancelled before it is sent rejects at once', async () => {
      const error = await failure(bus.request('echo', 0, { signal: AbortSignal.abort() }));
      expect(error).to.include({ code: 'cancelled' });
      expect(there.seen).to.deep.equal([]);
    });

    it('comes back as a fault with code, text, retryable and details, without a stack', async () => {
      const error = await failure(bus.request('refuse', 0));
      expect(error).to.include({ code: 'overflow', retryable: true, message: 'not now' });
      expect(error.details).to.deep.equal({ n: 1 });
    });

    it('is handled in the order of sending, per type', async () => {
      const total = 500;
      const sends: Promise<void>[] = [];
      for (let n = 0; n < total; n++) {
        sends.push(bus.send('note', n));
        if (n % 15 === 14) await Promise.all(sends);
      }
      await eventually('all are handled', () => there.seen.length === total);
      expect(payloads()).to.deep.equal(Array.from({ length: total }, (_, n) => n));
    });

    it('is handled one at a time, in order, with concurrency 1', async () => {
      await Promise.all(Array.from({ length: 25 }, (_, n) => bus.request('one at a time', n)));
      expect(payloads()).to.deep.equal(Array.from({ length: 25 }, (_, n) => n));
      expect(there.running.most).to.equal(1);
    });

    it('is handled in order per key, and side by side across keys', async () => {
      const work = Array.from({ length: 24 }, (_, n) => ({
        key: 'k'.repeat(1 + (n % 3)),
        n,
        ms: n < 3 ? 30 : 3,
      }));
      await Promise.all(work.map((payload) => bus.request('by key', payload)));
      for (const key of ['k', 'kk', 'kkk']) {
        const order = (payloads() as { key: string; n: number }[])
          .filter((p) => p.key === key)
          .map(({ n }) => n);
        expect(order).to.deep.equal([...order].sort((a, b) => a - b));
      }
      expect(there.running.most).to.be.within(2, 3);
    });

    it('beyond the room is dropped by publish, newest first, and counted', async () => {
      const results = Array.from({ length: 3_000 }, (_, n) => bus.publish('one at a time', n));
      const queued = results.reduce((sum, result) => sum + result.queued, 0);
      const dropped = results.reduce((sum, result) => sum + result.dropped, 0);
      expect(queued + dropped).to.equal(3_000);
      expect(dropped).to.be.above(2_000);
      await bus.writable();
      expect(bus.publish('note', 'room again')).to.deep.equal({ queued: 1, dropped: 0 });
    });

    it('beyond the room drops the oldest publish, if told so', async () => {
      const results = Array.from({ length: 100 }, (_, n) =>
        bus.publish('note', n, { overflow: 'drop-oldest' }),
      );
      expect(results.at(-1)).to.deep.equal({ queued: 1, dropped: 1 });
      await eventually('the newest', () => payloads().includes(99));
      const dropped = results.reduce((sum, result) => sum + result.dropped, 0);
      expect(payloads()).to.have.lengthOf(100 - dropped);
    });

    it('beyond the room rejects a request at once, if told so, with a retryable error', async () => {
      const asked = Array.from({ length: 40 }, (_, n) => bus.request('echo', n, { overflow: 'reject' }));
      const results = await Promise.allSettled(asked);
      const errors = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as BusError] : [],
      );
      expect(errors).to.have.length.above(0);
      for (const error of errors) expect(error).to.include({ code: 'overflow', retryable: true });
    });

    it('waits for room by default, and past the room for waiting rejects', async () => {
      const results = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => bus.request('echo', n)));
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(30);
    });

    it('with an option that makes no sense is refused at once', async () => {
      for (const timeoutMs of [0, -1, Number.NaN])
        expect(await failure(bus.request('echo', 0, { timeoutMs }))).to.include({ code: 'invalid-option' });
    });

    it('may take its time without a limit', async () => {
      expect(await bus.request('echo', 1, { timeoutMs: Number.POSITIVE_INFINITY })).to.equal(1);
    });

    it('goes to a handler that was added after the start, and no more after it was disposed of', async () => {
      const own = side === 'worker' ? worker : trial.hub;
      const registration = own.handle('late', () => 'here');
      expect(() => own.handle('late', () => 'twice'))
        .to.throw()
        .with.property('code', 'invalid-option');
      expect(await bus.request('late', 0)).to.equal('here');
      if (side === 'worker')
        await eventually('it is announced', () => trial.hub.workers.get('w1')?.handles.includes('late'));
      registration[Symbol.dispose]();
      expect(await failure(bus.request('late', 0))).to.include({ code: 'unhandled' });
      if (side === 'worker')
        await eventually('it is taken back', () => !trial.hub.workers.get('w1')?.handles.includes('late'));
    });

    it('that is under way when its sender closes is cancelled, and its caller is told', async () => {
      const asked = failure(bus.request('hang', 0));
      await eventually('it runs', () => there.seen.length === 1);
      const worlds = side === 'hub' ? worker : trial.hub;
      await worlds.close();
      const error = await asked;
      expect(error).to.include({ code: 'closed' });
      const reason = await eventually('the signal', () => there.stopped[0]);
      expect(reason).to.include({ code: 'cancelled' });
      if (side === 'worker') {
        await trial.begin();
        await trial.worker({ id: 'healthy', handlers: [handler('echo', ({ payload }) => payload)] });
      }
    });

    it('after its sender has closed is refused', async () => {
      if (side === 'worker') return;
      await worker.close();
      expect(await failure(worker.request('echo', 0))).to.include({ code: 'closed' });
      expect(() => worker.publish('note', 0))
        .to.throw()
        .with.property('code', 'closed');
    });

    it('that was accepted is handled before a drain ends, and later ones are turned away', async () => {
      const work = Promise.all(Array.from({ length: 5 }, (_, n) => bus.request('echo', n)));
      const plug = bus.request('plug', 0);
      await work;
      const own = side === 'worker' ? worker : trial.hub;
      await sleep(20);
      const drained = own.drain({ deadlineMs: 3_000 });
      await sleep(20);
      const error = await failure(bus.request('echo', 'too late'));
      expect(error).to.include({ code: 'draining', retryable: true });
      expect(await plug).to.equal(undefined);
      await drained;
      if (side === 'hub') {
        await trial.begin();
        await trial.worker({ id: 'healthy', handlers: [handler('echo', ({ payload }) => payload)] });
      } else await trial.event('left', 'w1');
    });
  });

describe('a target', () => {
  const trial = Trial.suite();
  const worker = (id: string, labels: Record<string, string>, types: string[] = ['who']) =>
    trial.worker({ id, labels, handlers: types.map((type) => handler(type, () => id)) });

  it('that nobody has is an unknown-worker', async () => {
    for (const asked of [
      trial.hub.request('w9', 'who', 0),
      trial.hub.send('w9', 'who', 0),
      trial.hub.writable('w9'),
    ]) {
      const error = await failure(asked);
      expect(error).to.include({ code: 'unknown-worker', retryable: false });
      expect(error.message).to.include("'w9'");
    }
    expect(() => trial.hub.publish('w9', 'who', 0))
      .to.throw()
      .with.property('code', 'unknown-worker');
    expect(() => trial.hub.explain('w9'))
      .to.throw()
      .with.property('code', 'unknown-worker');
  });

  it('all() reaches each worker that handles the type, and counts them', async () => {
    const seen: string[] = [];
    for (const [id, zone] of [
      ['w1', 'a'],
      ['w2', 'b'],
      ['w3', 'a'],
    ] as const)
      await trial.worker({ id, labels: { zone }, handlers: [handler('news', () => void seen.push(id))] });
    await worker('w4', { zone: 'a' });
    expect(trial.hub.publish(all(), 'news', 1)).to.deep.equal({ queued: 3, dropped: 0 });
    await eventually('three', () => seen.length === 3);
    expect(trial.hub.publish(all({ zone: 'a' }), 'news', 1)).to.deep.equal({ queued: 2, dropped: 0 });
    await eventually('two more', () => seen.length === 5);
    expect([...seen].sort()).to.deep.equal(['w1', 'w1', 'w2', 'w3', 'w3']);
    expect(trial.hub.publish(all(), 'nobody', 1)).to.deep.equal({ queued: 0, dropped: 0 });
  });

  it('any() chooses by type and labels, and shares the work', async () => {
    await worker('w1', { gpu: 'yes' });
    await worker('w2', { gpu: 'no' });
    await worker('w3', { gpu: 'yes' });
    await worker('w4', { gpu: 'yes' }, ['other']);
    const chosen = await Promise.all(
      Array.from({ length: 20 }, () => trial.hub.request(any({ gpu: 'yes' }), 'who', 0)),
    );
    expect(new Set(chosen)).to.deep.equal(new Set(['w1', 'w3']));
    await trial.hub.send(any(), 'other', 0);
    expect(trial.hub.publish(any(), 'other', 0)).to.deep.equal({ queued: 1, dropped: 0 });
  });

  it('any() waits for a worker until the timeout', async () => {
    const asked = trial.hub.request(any({ gpu: 'yes' }), 'who', 0, { timeoutMs: 3_000 });
    await sleep(50);
    await worker('w1', { gpu: 'yes' });
    expect(await asked).to.equal('w1');
    const began = performance.now();
    const error = await failure(trial.hub.request(any({ gpu: 'no' }), 'who', 0, { timeoutMs: 100 }));
    expect(performance.now() - began).to.be.within(90, 2_000);
    expect(error).to.include({ code: 'no-worker', retryable: true });
    expect(error.message).to.include('gpu=no').and.include("'who'");
  });

  it('any() that is cancelled while it waits rejects at once', async () => {
    const given = new AbortController();
    const asked = failure(trial.hub.request(any(), 'who', 0, { signal: given.signal }));
    await sleep(10);
    given.abort();
    expect(await asked).to.include({ code: 'cancelled' });
  });

  it('any() without a worker drops a publish, and says so', () => {
    expect(trial.hub.publish(any(), 'who', 0)).to.deep.equal({ queued: 0, dropped: 1 });
  });

  it('any() streams from a worker that fits', async () => {
    await trial.worker({
      id: 'w1',
      handlers: [
        handler('tail', async function* () {
          yield 1;
          yield 2;
        }),
      ],
    });
    expect(await lastValueFrom(trial.hub.stream(any(), 'tail', 0).pipe(toArray()))).to.deep.equal([1, 2]);
  });

  it('any() goes elsewhere when its worker is lost: a second attempt under the same id', async () => {
    const seen: { id: string; attempt: number }[] = [];
    const note = (hangs: boolean) =>
      handler('job', (message, { attempt, signal }) => {
        seen.push({ id: message.id, attempt });
        return hangs ? new Promise((resolve) => signal.addEventListener('abort', resolve)) : 'done';
      });
    const first = await trial.worker({ id: 'w1', handlers: [note(true)] });
    const asked = trial.hub.request(any(), 'job', 0);
    await eventually('it runs', () => seen.length === 1);
    await trial.worker({ id: 'w2', handlers: [note(false)] });
    await first.close();
    expect(await asked).to.equal('done');
    expect(seen.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    expect(seen[0]?.id).to.equal(seen[1]?.id);
  });

  it('any() that loses its last worker says that the message may have been handled', async () => {
    let running = false;
    const hang = handler('job', (_, { signal }) => {
      running = true;
      return new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const first = await trial.worker({ id: 'w1', handlers: [hang] });
    const asked = failure(trial.hub.request(any(), 'job', 0, { timeoutMs: 500 }));
    await eventually('it runs', () => running);
    await first.close();
    expect((await asked).details).to.include({ delivery: 'unknown' });
  });

  it('a worker that is lost while a producer waits for room gives peer-lost', async () => {
    const peer = trial.raw();
    await peer.join(hello('w1', { credit: { messages: 0, bytes: 0 } }));
    while (trial.hub.publish('w1', 'echo', 0).dropped === 0);
    const waiting = failure(trial.hub.writable('w1'));
    peer.close();
    expect(await waiting).to.include({ code: 'peer-lost' });
  });
});

describe('a fleet', () => {
  const trial = Trial.suite();

  it('is waited for, and the wait ends at its timeout', async () => {
    await trial.hub.waitFor(1, { timeoutMs: 100 });
    const error = await failure(trial.hub.waitFor(3, { timeoutMs: 80 }));
    expect(error).to.include({ code: 'timeout' });
    expect(error.message).to.include('1 of 3');
    const waiting = trial.hub.waitFor(2, { timeoutMs: 2_000 });
    await trial.worker({ id: 'w1' });
    await waiting;
  });

  it('says which versions it runs', async () => {
    await trial.worker({ id: 'w1', version: '2.0.0' });
    await trial.worker({ id: 'w2', version: '2.0.0' });
    const { total, versions, degraded } = trial.hub.census();
    expect(total).to.equal(3);
    expect(versions[0]).to.deep.equal({ version: '2.0.0', workers: ['w1', 'w2'] });
    expect(degraded.map(({ worker }) => worker)).to.deep.equal(['healthy']);
  });

  it('shows a stack to the sender only if told so', async () => {
    const boom = handler('boom', () => {
      throw new Error('boom');
    });
    await trial.worker({ id: 'w1', handlers: [boom] });
    await trial.worker({ id: 'w2', handlers: [boom], exposeStacks: true });
    expect((await failure(trial.hub.request('w1', 'boom', 0))).details).to.not.have.property('stack');
    expect((await failure(trial.hub.request('w2', 'boom', 0))).details.stack).to.include('verbs.spec');
  });
});
