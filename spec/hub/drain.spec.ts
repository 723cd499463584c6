import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, watched } from './bus.js';

/** A handler that one can see working, and end. */
function gate() {
  const open: (() => void)[] = [];
  const slow = handler(
    'slow',
    () => new Promise<string>((resolve) => void open.push(() => resolve('done'))),
    { concurrency: 1 },
  );
  return { open, slow };
}

describe('draining', () => {
  noUnhandledRejections();

  it('a worker lets what runs finish, answers what waits, and leaves', async () => {
    const { open, slow } = gate();
    const bus = await Bus.of({}, { id: 'w1', handlers: [slow] });
    const [worker] = bus.workers;
    const calls = [1, 2, 3].map(() => watched(bus.hub.request('w1', 'slow', {})));
    await bus.clock.settle();
    const drained = watched(worker?.drain() ?? Promise.reject());
    await bus.clock.settle();
    expect(calls.map(({ error }) => error?.code)).to.deep.equal([undefined, 'draining', 'draining']);
    expect(calls[1]?.error).to.include({ retryable: true });
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('draining');
    await rejection(bus.settled(bus.hub.request('w1', 'slow', {})), 'draining');
    expect(drained.done).to.equal(false);
    for (const resolve of open) resolve();
    // The answer is acknowledged with the next beat.
    await bus.clock.advance(1_050);
    expect(calls[0]?.value).to.equal('done');
    expect(drained).to.deep.equal({ done: true, value: undefined });
    expect(bus.happened()).to.deep.equal(['joined w1', 'left w1']);
    await bus.close();
  });

  it('a worker lets what runs send and request', async () => {
    const bus = await Bus.of({ handlers: [handler('echo', ({ payload }) => payload)] }, { id: 'w1' });
    const [worker] = bus.workers;
    worker?.handle('ask', async () => {
      await new Promise<void>((resolve) => bus.clock.after(100, resolve));
      return worker.request('echo', 'while draining');
    });
    await bus.clock.settle();
    const call = watched(bus.hub.request('w1', 'ask', {}));
    await bus.clock.settle();
    const drained = watched(worker?.drain() ?? Promise.reject());
    await bus.clock.advance(1_300);
    expect(call.value).to.equal('while draining');
    expect(drained).to.deep.include({ done: true });
    await bus.close();
  });

  it('a hub ends though its workers go on asking', async () => {
    const asks = Array.from({ length: 20 }, (_, n) => ({ id: `w${n}` }));
    const bus = await Bus.of({ handlers: [handler('echo', ({ payload }) => payload)] }, ...asks);
    bus.network.latency(20);
    let asking = true;
    const refused = new Set<string>();
    const ask = (index: number): void => {
      if (!asking) return;
      bus.workers[index]?.request('echo', index).catch(({ code }) => refused.add(code));
      bus.clock.after(7 + (index % 5), () => ask(index));
    };
    asks.forEach((_, index) => {
      ask(index);
    });
    await bus.clock.advance(500);
    const drained = watched(bus.hub.drain({ deadlineMs: 5_000 }));
    await bus.clock.advance(1_500);
    asking = false;
    expect(drained).to.deep.equal({ done: true, value: undefined });
    expect(refused).to.include('draining');
    await bus.close();
  });

  it('a worker that is cut off while it drains says so again', async () => {
    const { open, slow } = gate();
    const bus = await Bus.of({}, { id: 'w1', handlers: [slow] });
    const call = watched(bus.hub.request('w1', 'slow', {}));
    await bus.clock.settle();
    const drained = watched(bus.workers[0]?.drain() ?? Promise.reject());
    bus.cut('w1');
    await bus.clock.advance(500);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('draining');
    for (const resolve of open) resolve();
    await bus.clock.advance(1_050);
    expect(call.value).to.equal('done');
    expect(drained).to.deep.include({ done: true });
    await bus.close();
  });

  it('a worker that does not get done closes all the same, and says so', async () => {
    const { slow } = gate();
    const bus = await Bus.of({}, { id: 'w1', handlers: [slow] });
    const call = watched(bus.hub.request('w1', 'slow', {}));
    await bus.clock.settle();
    const drained = watched(bus.workers[0]?.drain({ deadlineMs: 700 }) ?? Promise.reject());
    await bus.clock.advance(710);
    expect(drained.error?.code).to.equal('timeout');
    expect(call.error?.code).to.equal('peer-lost');
    await bus.close();
  });

  it('a hub does the same for all of its workers', async () => {
    const { open, slow } = gate();
    const bus = await Bus.of({ handlers: [slow] }, { id: 'w1' }, { id: 'w2' });
    const calls = bus.workers.flatMap((worker) => [1, 2].map(() => watched(worker.request('slow', {}))));
    await bus.clock.settle();
    const drained = watched(bus.hub.drain());
    await bus.clock.settle();
    expect(calls.filter(({ error }) => error?.code === 'draining')).to.have.length(3);
    expect(bus.workerEvents.filter(({ kind }) => kind === 'draining')).to.have.length(2);
    for (const resolve of open) resolve();
    await bus.clock.advance(1_050);
    expect(calls.filter(({ value }) => value === 'done')).to.have.length(1);
    expect(drained).to.deep.include({ done: true });
    await bus.close();
  });

  it('waits for no beat where the last reply has been given', async () => {
    const echo = handler('echo', ({ payload }) => payload);
    const bus = await Bus.of({ handlers: [echo] }, { id: 'w1', handlers: [echo] });
    const [worker] = bus.workers;
    await bus.settled(bus.hub.request('w1', 'echo', 1));
    const drained = watched(worker?.drain() ?? Promise.reject());
    await bus.clock.advance(20);
    expect(drained.done).to.equal(true);
    await bus.close();
  });

  it('is at once where nothing is to be done', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    const drained = [bus.workers[0]?.drain() ?? Promise.reject(), bus.hub.drain()].map(watched);
    await bus.clock.advance(10);
    expect(drained.map(({ done, error }) => done && !error)).to.deep.equal([true, true]);
    await bus.close();
  });
});

describe('closing', () => {
  noUnhandledRejections();

  it('rejects what waits on this side with closed, and on the other with peer-lost', async () => {
    const hang = handler('hang', () => new Promise(() => {}));
    const bus = await Bus.of({ handlers: [hang] }, { id: 'w1', handlers: [hang] });
    const [worker] = bus.workers;
    const [here, there] = [
      watched(bus.hub.request('w1', 'hang', {})),
      watched(worker?.request('hang', {}) ?? Promise.reject()),
    ];
    await bus.clock.settle();
    void worker?.close();
    await bus.clock.settle();
    expect(there.error?.code).to.equal('closed');
    expect(here.error?.code).to.equal('peer-lost');
    await bus.close();
  });

  it('cancels the handlers that run for a peer that is gone', async () => {
    let reason: unknown;
    const hang = handler('hang', (_, { signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    });
    const bus = await Bus.of({ handlers: [hang] }, { id: 'w1' });
    bus.workers[0]?.request('hang', {}).catch(() => {});
    await bus.clock.settle();
    await bus.workers[0]?.close();
    await bus.clock.settle();
    expect(reason).to.include({ code: 'cancelled' });
    await bus.close();
  });

  it('reports what the other side had accepted, and did not do, as undelivered', async () => {
    const hang = handler('hang', () => new Promise(() => {}));
    const bus = await Bus.of({}, { id: 'w1', handlers: [hang] });
    await bus.settled(bus.hub.send('w1', 'hang', {}));
    bus.happened();
    void bus.workers[0]?.close();
    await bus.clock.settle();
    expect(bus.happened().sort()).to.deep.equal(['left w1', 'undelivered w1']);
    await bus.close();
  });

  it('is done once, however often it is asked for, and everything after it is closed', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    const [worker] = bus.workers;
    await bus.settled(Promise.all([worker?.close(), worker?.close()]));
    await bus.settled(Promise.all([bus.hub.close(), bus.hub.close(), bus.hub[Symbol.asyncDispose]()]));
    for (const call of [
      worker?.start(),
      worker?.send('x', 1),
      worker?.request('x', 1),
      worker?.writable(),
      worker?.drain(),
      bus.hub.start(),
      bus.hub.send('w1', 'x', 1),
      bus.hub.request('w1', 'x', 1),
      bus.hub.writable('w1'),
      bus.hub.drain(),
    ])
      await rejection(call ?? Promise.resolve(), 'closed');
    expect(() => worker?.publish('x', 1)).to.throw(/closed/);
    expect(() => bus.hub.publish('w1', 'x', 1)).to.throw(/closed/);
    await bus.close();
  });

  it('ends a start that waits', async () => {
    const bus = new Bus();
    const worker = bus.worker();
    const started = watched(worker.start());
    await bus.clock.advance(100);
    await worker.close();
    await bus.clock.settle();
    expect(started.error?.code).to.equal('closed');
    expect(bus.clock.pending).to.equal(0);
  });
});
