import { expect } from 'chai';
import { type HandlerOptions, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, watched } from '../hub/bus.js';

/** A bus whose worker has one handler that the spec can see start, and end in any order. */
async function trial(options: HandlerOptions = {}) {
  const started: unknown[] = [];
  const ends = new Map<unknown, (value?: unknown) => void>();
  const work = handler(
    'work',
    ({ payload }) => {
      started.push(payload);
      return new Promise((resolve) => ends.set(payload, resolve));
    },
    options,
  );
  const bus = await Bus.of({}, { id: 'w1', handlers: [work, handler('echo', ({ payload }) => payload)] });
  const end = async (payload: unknown) => {
    ends.get(payload)?.(`done ${payload}`);
    await bus.clock.settle();
  };
  const ask = async (...payloads: unknown[]) => {
    const calls = payloads.map((payload) => watched(bus.hub.request('w1', 'work', payload)));
    await bus.clock.settle();
    return calls;
  };
  return { bus, started, end, ask };
}

describe('dispatch', () => {
  noUnhandledRejections();

  it('gives one type half of the slots, and the rest to the others', async () => {
    const { bus, started, ask } = await trial();
    await ask(...Array.from({ length: 100 }, (_, n) => n));
    expect(started).to.have.length(32);
    expect(await bus.settled(bus.hub.request('w1', 'echo', 'still here'))).to.equal('still here');
    await bus.close();
  });

  it('gives a type as many slots as its handler asks for', async () => {
    const { bus, started, ask } = await trial({ concurrency: 50 });
    await ask(...Array.from({ length: 100 }, (_, n) => n));
    expect(started).to.have.length(50);
    await bus.close();
  });

  it('handles one at a time, in order, where a handler says so', async () => {
    const { bus, started, end, ask } = await trial({ concurrency: 1 });
    const calls = await ask('a', 'b', 'c');
    expect(started).to.deep.equal(['a']);
    await end('a');
    expect(started).to.deep.equal(['a', 'b']);
    await end('b');
    await end('c');
    expect(calls.map(({ value }) => value)).to.deep.equal(['done a', 'done b', 'done c']);
    await bus.close();
  });

  it('keeps the order of each key, and runs keys side by side', async () => {
    const { bus, started, end, ask } = await trial({ key: (payload) => String(payload)[0] ?? '' });
    await ask('a1', 'a2', 'b1', 'b2', 'c1');
    expect(started).to.deep.equal(['a1', 'b1', 'c1']);
    await end('b1');
    expect(started).to.deep.equal(['a1', 'b1', 'c1', 'b2']);
    await end('a1');
    expect(started).to.deep.equal(['a1', 'b1', 'c1', 'b2', 'a2']);
    await bus.close();
  });

  it('answers a timeout at once, and abandons a handler that does not heed it 5 s later', async () => {
    const { bus, ask } = await trial({ timeoutMs: 400 });
    const [call] = await ask('a');
    await bus.clock.advance(400);
    expect(call?.error).to.include({ code: 'timeout' });
    const abandoned = () =>
      bus.workerEvents.filter(({ kind }) => kind === 'abandoned').map(({ type }) => type);
    await bus.clock.advance(4_999);
    expect(abandoned()).to.deep.equal([]);
    await bus.clock.advance(1);
    expect(abandoned()).to.deep.equal(['work']);
    await bus.close();
  });

  it('answers stuck behind an abandoned handler that keeps an order, until it settles', async () => {
    const { bus, started, end, ask } = await trial({ concurrency: 1, timeoutMs: 400 });
    await ask('a');
    await bus.clock.advance(5_400);
    const [second] = await ask('b');
    expect(second?.error).to.include({ code: 'stuck', retryable: true });
    expect(started).to.deep.equal(['a']);
    await end('a');
    await ask('c');
    expect(started).to.deep.equal(['a', 'c']);
    await bus.close();
  });

  it('lets one key be stuck and not the others', async () => {
    const { bus, started, ask } = await trial({ key: (payload) => String(payload)[0] ?? '', timeoutMs: 400 });
    await ask('a1');
    await bus.clock.advance(5_400);
    const [behind] = await ask('a2', 'b1');
    expect(behind?.error?.code).to.equal('stuck');
    expect(started).to.deep.equal(['a1', 'b1']);
    await bus.close();
  });

  it('tells in the beat what it is busy with', async () => {
    const { bus, end, ask } = await trial({ concurrency: 1 });
    await ask('a', 'b', 'c');
    await bus.clock.advance(1_000);
    expect(bus.hub.workers.get('w1')?.load).to.include({
      inFlight: 1,
      queued: 2,
      handled: 0,
      oldestMs: 1_000,
    });
    await end('a');
    await bus.clock.advance(1_000);
    expect(bus.hub.workers.get('w1')?.load).to.include({
      inFlight: 1,
      queued: 1,
      handled: 1,
      oldestMs: 1_000,
    });
    await bus.close();
  });

  it('tells of a handler that throws by name, to both sides, and goes on', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    const [worker] = bus.workers;
    for (const [type, thrown] of [
      ['error', new Error('broken')],
      ['nothing', undefined],
      ['text', 'a text'],
    ] as const)
      worker?.handle(type, () => {
        throw thrown;
      });
    await bus.clock.settle();
    for (const type of ['error', 'nothing', 'text'])
      await rejection(bus.settled(bus.hub.request('w1', type, {})), 'handler-failed');
    expect(bus.workerEvents.filter(({ kind }) => kind === 'fault').map(({ type }) => type)).to.deep.equal([
      'error',
      'nothing',
      'text',
    ]);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    await bus.close();
  });
});
