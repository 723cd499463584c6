import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { any } from '../../lib/handler/target.js';
import { Line } from '../../lib/hub/line.js';
import { createHub, createWorker, handler } from '../../lib/index.js';
import { Budget } from '../../lib/lane/budget.js';
import { memoryNetwork, virtualClock } from '../../lib/testing/index.js';

const never = new Promise<void>(() => {});
const thrown = (wait: Promise<unknown>): Promise<BusError> =>
  wait.then(
    () => expect.fail('it was taken'),
    (error) => error,
  );

describe('the line of calls that wait for a worker', () => {
  it('has so many places, and the next one has room when one has left', async () => {
    const line = new Line(2, new Budget(1_000).open());
    let come = () => {};
    const first = line.wait('job', 1, () => new Promise<void>((resolve) => (come = resolve)));
    void line.wait('job', 1, () => never);
    const error = await thrown(line.wait('job', 1, () => never));
    expect(BusError.is(error, 'overflow')).to.equal(true);
    expect([error.retryable, error.details]).to.deep.equal([
      true,
      { type: 'job', bound: 'outbox.maxWaiting', delivery: 'not-sent' },
    ]);
    come();
    await first;
    expect(line.length).to.equal(1);
    void line.wait('job', 1, () => never);
    expect(line.length).to.equal(2);
  });

  it('takes its bytes out of the memory of the process, and gives them back however the wait ends', async () => {
    const budget = new Budget(1_000);
    const line = new Line(100, budget.open());
    const failing = line.wait('job', 200, () => Promise.reject(new Error('in vain')));
    expect(budget.used).to.equal(200);
    await thrown(failing);
    expect(budget.used).to.equal(0);
    void line.wait('job', 200, () => never);
    const error = await thrown(line.wait('job', 900, () => never));
    expect([error.code, error.details.bound, budget.used]).to.deep.equal([
      'overflow',
      'memory.maxBytes',
      200,
    ]);
  });

  it('is what a request to any() stands in', async () => {
    const clock = virtualClock();
    const network = memoryNetwork({ clock });
    const hub = createHub({
      clock,
      listen: { address: 'hub:1', transport: network.transport('hub') },
      outbox: { maxWaiting: 2 },
    });
    await hub.start();
    const waiting = [1, 2].map((n) => hub.request(any(), 'double', n));
    const refused = await thrown(hub.request(any(), 'double', 3));
    expect([refused.code, refused.details.bound]).to.deep.equal(['overflow', 'outbox.maxWaiting']);
    const worker = createWorker({
      clock,
      hub: { address: 'hub:1', transport: network.transport('worker') },
      handlers: [handler('double', ({ payload }) => 2 * (payload as number))],
    });
    void worker.start();
    await clock.advance(1_000);
    expect(await Promise.all(waiting)).to.deep.equal([2, 4]);
    const closed = [worker.close(), hub.close()];
    await clock.advance(10_000);
    await Promise.all(closed);
  });
});
