import { expect } from 'chai';
import { type HandshakeMiddleware, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, watched } from './bus.js';

/** Every worker is as one of the baseline profile. */
const baseline: HandshakeMiddleware = (next) => async (hello, context) => {
  const { limits, ...agreement } = await next(hello, context);
  return { ...agreement, features: [], limits: { ...limits, maxUnanswered: 16 } };
};

const note = () => handler('note', ({ payload }) => payload);

describe('what waits while a session begins', () => {
  noUnhandledRejections();

  it('is not kept where the peer acknowledges nothing', async () => {
    const bus = new Bus();
    const worker = bus.worker();
    const started = worker.start();
    const calls = [1, 2, 3].map((n) => watched(worker.request('note', n)));
    await bus.startHub({ handlers: [note()], handshake: [baseline] });
    await bus.clock.advance(2_000);
    await started;
    expect(calls.map(({ value }) => value)).to.deep.equal([1, 2, 3]);
    expect(worker.stats().outbox).to.include({ unacknowledged: 0, queued: 0, waiting: 0 });
    await bus.close();
  });

  it('is kept where the peer does again, and survives a cut', async () => {
    const bus = await Bus.of({ handlers: [note()], handshake: [baseline] }, { id: 'w1' });
    const [worker] = bus.workers;
    await bus.hub.close();
    await bus.clock.advance(10);
    const calls = [1, 2, 3].map((n) => watched(worker?.request('note', n) as Promise<unknown>));
    await bus.startHub({ handlers: [note()] }, 'next hub');
    // They leave as it is welcomed, and are lost with that link.
    const connected = () => bus.workerEvents.filter(({ kind }) => kind === 'connected').length;
    bus.network.latency('w1', 'next hub', 20);
    for (let ms = 0; ms < 5_000 && connected() < 2; ms += 5) await bus.clock.advance(5);
    expect(connected()).to.equal(2);
    expect(worker?.stats().delivery.sent).to.include({ waiting: 3, queued: 0 });
    bus.cut('w1');
    await bus.clock.advance(5_000);
    expect(calls.map(({ value }) => value)).to.deep.equal([1, 2, 3]);
    await bus.close();
  });
});
