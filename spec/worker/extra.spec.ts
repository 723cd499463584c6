import { expect } from 'chai';
import type { BusError } from '../../lib/errors/bus-error.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, watched } from '../hub/bus.js';

/** A hub that takes each token once. */
async function strictBus(): Promise<Bus & { used: string[] }> {
  const used: string[] = [];
  const bus = await Bus.of({
    authenticate: ({ extra }) => {
      const { token = '' } = extra;
      if (used.includes(token)) throw new Error('used up');
      used.push(token);
      return { subject: 'ada' };
    },
  });
  return Object.assign(bus, { used });
}

describe('what a worker adds to its greeting', () => {
  noUnhandledRejections();

  it('is asked for anew before each dial where it is a function', async () => {
    const bus = await strictBus();
    let dials = 0;
    const extra = async () => {
      dials += 1;
      return { token: `t${dials}` };
    };
    const worker = bus.worker({ id: 'w1', extra });
    const started = watched(worker.start());
    await bus.clock.advance(10);
    expect(started.done).to.equal(true);
    bus.cut('w1');
    await bus.clock.advance(500);
    expect(bus.used).to.deep.equal(['t1', 't2']);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    await bus.close();
  });

  it('is tried again after it failed, and its failure is what a start that ends tells', async () => {
    const bus = await strictBus();
    let calls = 0;
    const extra = () => {
      calls += 1;
      if (calls < 3) throw new Error('the vault is shut');
      return { token: 'late' };
    };
    const worker = bus.worker({ id: 'w1', extra });
    const started = watched(worker.start());
    await bus.clock.advance(2_000);
    expect(started.done).to.equal(true);
    expect(bus.used).to.deep.equal(['late']);
    const unlucky = bus.worker({ id: 'w2', extra: () => Promise.reject(new Error('the vault is gone')) });
    const never = rejection(unlucky.start({ timeoutMs: 3_000 }), 'handshake-failed');
    await bus.clock.advance(4_000);
    expect(await never).to.include({
      message: "the worker's own extra() failed: the vault is gone",
      retryable: true,
    });
    await bus.close();
  });

  it('that never comes is given up after handshakeTimeoutMs', async () => {
    const bus = await strictBus();
    const worker = bus.worker({ id: 'w1', handshakeTimeoutMs: 500, extra: () => new Promise(() => {}) });
    const never = rejection(worker.start({ timeoutMs: 1_800 }), 'handshake-failed');
    await bus.clock.advance(3_000);
    expect((await never).message).to.equal("the worker's own extra() gave nothing within 500 ms");
    await bus.close();
  });

  it('that is wrong is told without its value', async () => {
    const bus = await strictBus();
    const secret = 'x'.repeat(20_000);
    const worker = bus.worker({ id: 'w1', extra: () => ({ token: secret }) });
    const never = rejection(worker.start({ timeoutMs: 100 }), 'handshake-failed');
    await bus.clock.advance(1_000);
    const { message } = (await never) as BusError;
    expect(message).to.contain('extra.token').and.to.contain('16384').and.not.to.contain('xxx');
    await bus.close();
  });

  it('that comes after the worker was closed dials no more', async () => {
    const bus = await strictBus();
    let give = (_: Record<string, string>) => {};
    const worker = bus.worker({
      id: 'w1',
      extra: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    });
    const started = rejection(worker.start(), 'closed');
    await bus.clock.settle();
    await worker.close();
    give({ token: 'late' });
    await bus.clock.advance(1_000);
    await started;
    expect(bus.used).to.deep.equal([]);
    await bus.close();
  });
});
