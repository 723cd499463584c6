import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, watched } from './bus.js';

/** Handlers that keep what they saw, in order. */
function recorder() {
  const seen: unknown[] = [];
  const note = handler('note', ({ payload }) => {
    seen.push(payload);
    return payload;
  });
  return { seen, note };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

describe('a session whose link is cut', () => {
  noUnhandledRejections();

  it('goes on with the same epoch, and recovers by itself', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    const { epoch } = bus.hub.workers.get('w1') ?? {};
    bus.cut('w1');
    await bus.clock.advance(100);
    expect(bus.hub.workers.get('w1')).to.include({ epoch, liveness: 'alive' });
    expect(bus.happened()).to.deep.equal(['joined w1', 'suspect w1', 'recovered w1']);
    expect(bus.workerEvents.map(({ kind, cause }) => `${kind} ${cause}`)).to.deep.equal([
      'connected welcomed',
      'suspect peer-lost',
      `disconnected hub broke the link`,
      'recovered attached',
      'connected resumed',
    ]);
    await bus.close();
  });

  it('loses and doubles nothing that is sent or requested, either way, and keeps its order', async () => {
    const [there, here] = [recorder(), recorder()];
    const bus = await Bus.of({ handlers: [here.note] }, { id: 'w1', handlers: [there.note] });
    bus.network.latency(3);
    const calls: ReturnType<typeof watched>[] = [];
    for (let n = 0; n < 300; n++) {
      const [worker] = bus.workers;
      calls.push(watched(n % 2 ? bus.hub.send('w1', 'note', n) : bus.hub.request('w1', 'note', n)));
      if (worker) calls.push(watched(n % 2 ? worker.send('note', n) : worker.request('note', n)));
      if (n % 20 === 7) bus.cut('w1');
      await bus.clock.advance(1);
    }
    await bus.clock.advance(3_000);
    expect(calls.filter(({ done, error }) => !done || error)).to.deep.equal([]);
    expect(there.seen).to.deep.equal(numbers(300));
    expect(here.seen).to.deep.equal(numbers(300));
    expect(bus.happened().filter((event) => /lost|fault|overflow|undelivered/.test(event))).to.deep.equal([]);
    await bus.close();
  });

  it('may lose publishes that were on the way, and nothing else of them', async () => {
    const there = recorder();
    const bus = await Bus.of({}, { id: 'w1', handlers: [there.note] });
    bus.network.latency(50);
    for (const n of numbers(10)) bus.hub.publish('w1', 'note', n);
    await bus.clock.advance(20);
    bus.cut('w1');
    const sent = watched(bus.hub.send('w1', 'note', 'sent'));
    // Until the hub notices the cut, what it writes is on the way too.
    await bus.clock.advance(60);
    for (const n of numbers(10, 10)) bus.hub.publish('w1', 'note', n);
    await bus.clock.advance(2_000);
    expect(there.seen).to.deep.equal(['sent', ...numbers(10, 10)]);
    expect(sent).to.deep.include({ done: true });
    await bus.close();
  });

  it('gets back the credit of publishes that were lost, however often', async () => {
    const there = recorder();
    const bus = await Bus.of({}, { id: 'w1', handlers: [there.note], lane: { capacity: 8 } });
    bus.network.latency(10);
    for (let round = 0; round < 20; round++) {
      for (const n of numbers(8)) bus.hub.publish('w1', 'note', n);
      await bus.clock.advance(5);
      bus.cut('w1');
      await bus.clock.advance(500);
    }
    const call = watched(bus.hub.request('w1', 'note', 'after all'));
    await bus.clock.advance(100);
    expect(call.value).to.equal('after all');
    await bus.close();
  });

  it('tells the room that came free while there was no link', async () => {
    const open: (() => void)[] = [];
    const slow = handler('slow', () => new Promise<void>((resolve) => void open.push(resolve)), {
      concurrency: 1,
    });
    const bus = await Bus.of({}, { id: 'w1', handlers: [slow], lane: { capacity: 4 } });
    const calls = numbers(12).map(() => watched(bus.hub.request('w1', 'slow', {})));
    await bus.clock.settle();
    for (let round = 0; round < 4; round++) {
      // The worker dials after 25 ms, and the answer takes 40: what waits there ends in between.
      bus.network.latency('hub', 'w1', 40);
      bus.cut('w1');
      await bus.clock.advance(60);
      for (let i = 0; i < 6; i++) {
        for (const resolve of open.splice(0)) resolve();
        await bus.clock.settle();
      }
      bus.network.latency('hub', 'w1', 0);
      await bus.clock.advance(1_500);
    }
    expect(calls.filter(({ done }) => !done)).to.have.length(0);
    await bus.close();
  });

  it('lets a stream go on where it was', async () => {
    const count = handler('count', async function* () {
      for (let n = 0; n < 500; n++) yield n;
    });
    const bus = await Bus.of({}, { id: 'w1', handlers: [count] });
    bus.network.latency(5);
    const items: unknown[] = [];
    const ended = watched(bus.hub.stream('w1', 'count', {}).forEach((item) => void items.push(item)));
    for (let i = 0; i < 15; i++) {
      await bus.clock.advance(11);
      bus.cut('w1');
      await bus.clock.advance(89);
    }
    await bus.clock.advance(1_000);
    expect(ended).to.deep.include({ done: true });
    expect(items).to.deep.equal(numbers(500));
    await bus.close();
  });

  it('cancels at the peer what was given up while there was no link', async () => {
    let signal: AbortSignal | undefined;
    const hang = handler('hang', (_, context) => {
      signal = context.signal;
      return new Promise(() => {});
    });
    const bus = await Bus.of({}, { id: 'w1', handlers: [hang] });
    const subscription = bus.hub
      .stream('w1', 'hang', {}, { timeoutMs: Number.POSITIVE_INFINITY })
      .subscribe();
    await bus.clock.settle();
    bus.cut('w1');
    await bus.clock.advance(0);
    subscription.unsubscribe();
    expect(signal?.aborted).to.equal(false);
    await bus.clock.advance(200);
    expect(signal?.aborted).to.equal(true);
    await bus.close();
  });

  it('goes on over the new link though the hub has not noticed the end of the old one', async () => {
    const there = recorder();
    const bus = await Bus.of({}, { id: 'w1', handlers: [there.note] });
    const { epoch } = bus.hub.workers.get('w1') ?? {};
    // A cut is noticed after the latency of the way: here 900 ms later at the hub than at the worker.
    bus.network.latency('hub', 'w1', 900);
    bus.cut('w1');
    bus.network.latency('hub', 'w1', 1);
    await bus.clock.advance(300);
    expect(bus.workerEvents.at(-1)).to.include({ kind: 'connected', cause: 'resumed' });
    const call = watched(bus.hub.request('w1', 'note', 1));
    await bus.clock.advance(5_000);
    expect(call.value).to.equal(1);
    expect(bus.hub.workers.get('w1')).to.include({ epoch, liveness: 'alive' });
    expect(bus.happened()).to.deep.equal(['joined w1']);
    await bus.close();
  });

  it('waits out a short absence: what is asked meanwhile is done afterwards', async () => {
    const there = recorder();
    const bus = await Bus.of({}, { id: 'w1', handlers: [there.note] });
    bus.network.partition('hub', 'w1');
    bus.cut('w1');
    await bus.clock.advance(10);
    const calls = [bus.hub.send('w1', 'note', 1), bus.hub.request('w1', 'note', 2)].map(watched);
    await bus.clock.advance(5_000);
    bus.network.heal();
    await bus.clock.advance(2_000);
    expect(calls.map(({ done, error }) => done && !error)).to.deep.equal([true, true]);
    expect(there.seen).to.deep.equal([1, 2]);
    await bus.close();
  });

  it('times out what waits too long without a link, and says that it was not sent', async () => {
    const there = recorder();
    const bus = await Bus.of({}, { id: 'w1', handlers: [there.note] });
    bus.network.partition('hub', 'w1');
    bus.cut('w1');
    await bus.clock.advance(10);
    const call = watched(bus.hub.send('w1', 'note', 1, { timeoutMs: 300 }));
    await bus.clock.advance(300);
    expect(call.error?.code).to.equal('timeout');
    expect(call.error?.details).to.include({ delivery: 'not-sent' });
    bus.network.heal();
    await bus.clock.advance(2_000);
    expect(there.seen).to.deep.equal([]);
    await bus.close();
  });
});

describe('a hub that is restarted', () => {
  noUnhandledRejections();

  it('gets its workers back by themselves: what was sent may have been handled, what was not goes to the new one', async () => {
    const bus = await Bus.of(
      { lane: { capacity: 2 }, handlers: [handler('hang', () => new Promise(() => {}))] },
      { id: 'w1' },
    );
    const [worker] = bus.workers;
    if (worker === undefined) return expect.fail();
    const sent = numbers(2).map((n) => watched(worker.request('hang', n)));
    await bus.clock.advance(100);
    bus.machine('hub').kill();
    void bus.hub.close();
    bus.cut('hub');
    await bus.clock.advance(500);
    const unsent = watched(worker.request('echo', 'waits'));
    await bus.startHub({ handlers: [handler('echo', ({ payload }) => payload)] }, 'hub-2');
    await bus.clock.advance(2_000);
    for (const { error } of sent) {
      expect(error?.code).to.equal('peer-lost');
      expect(error?.details).to.include({ delivery: 'unknown' });
    }
    expect(unsent.value).to.equal('waits');
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    await bus.close();
  });

  for (const waitMs of [600, 5_000])
    it(`finds the whole lane of a worker free again after ${waitMs} ms, and overruns none of it`, async () => {
      const there = recorder();
      const hang = handler('hang', () => new Promise(() => {}), { concurrency: 1 });
      const bus = await Bus.of({}, { id: 'w1', handlers: [there.note, hang], lane: { capacity: 16 } });
      for (const n of numbers(200)) await bus.settled(bus.hub.send('w1', 'note', n));
      await bus.settled(bus.hub.close());
      await bus.startHub({}, 'hub-2');
      await bus.clock.advance(waitMs);
      for (let i = 0; i < 100; i++) bus.hub.request('w1', 'hang', {}).catch(() => {});
      await bus.clock.advance(1_100);
      // Ten, not sixteen: a busy session leaves the lane some room for others.
      expect(bus.hub.workers.get('w1')?.load).to.include({ inFlight: 1, queued: 10 });
      expect(bus.happened().filter((event) => /overflow|fault/.test(event))).to.deep.equal([]);
      await bus.close();
    });

  it('that says goodbye ends what waits for it, as lost', async () => {
    const bus = await Bus.of({ handlers: [handler('hang', () => new Promise(() => {}))] }, { id: 'w1' });
    const call = bus.workers[0]?.request('hang', {}) ?? Promise.reject();
    call.catch(() => {});
    await bus.clock.settle();
    void bus.hub.close();
    await bus.clock.settle();
    const error = await rejection(call, 'peer-lost');
    expect(error.details).to.include({ delivery: 'unknown' });
    await bus.close();
  });
});
