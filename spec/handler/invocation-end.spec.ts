import { expect } from 'chai';
import { z } from 'zod';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Expects } from '../../lib/frame/frame.js';
import type { Context } from '../../lib/handler/context.js';
import { defineMessage } from '../../lib/handler/contract.js';
import { handler } from '../../lib/handler/registration.js';
import { noUnhandledRejections } from './rejections.js';
import { Trial } from './trial.js';

const cancelled = () => new BusError('cancelled', 'not wanted any more');

/** A handler that settles when the spec says so. */
function held(options: { timeoutMs?: number; expects?: Expects; deadline?: number } = {}) {
  const { expects = 'reply', deadline, timeoutMs } = options;
  let context: Context | undefined;
  let resolve: (value: unknown) => void = () => {};
  let reject: (thrown: unknown) => void = () => {};
  const call = new Trial(
    handler(
      'render',
      (_, given) => {
        context = given;
        return new Promise((res, rej) => {
          resolve = res;
          reject = rej;
        });
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    ),
    { expects },
    deadline === undefined ? {} : { deadline },
  );
  call.run();
  return {
    call,
    context: context as Context,
    resolve: (value: unknown) => resolve(value),
    reject: (thrown: unknown) => reject(thrown),
  };
}

describe('the end of an invocation', () => {
  noUnhandledRejections();

  for (const [what, result] of [
    ['promise', new Promise(() => {})],
    ['stream', (async function* () {})()],
  ] as const)
    it(`by what its own synchronous part did comes with its ${what}`, async () => {
      let context: Context | undefined;
      const registration = handler('render', (_, given) => {
        context = given;
        call.invocation.cancel(cancelled());
        return result;
      });
      const call: Trial = new Trial(registration, { expects: what === 'promise' ? 'reply' : 'stream' });
      call.run();
      expect(context?.signal.aborted).to.equal(true);
      expect(call.outcomes).to.deep.equal(['cancelled']);
      call.clock.advance(10_000);
      await call.settle();
      expect(call.clock.pending).to.equal(0);
    });

  it('by timeoutMs: the fault at once, the end when the handler has settled, its late result dropped', async () => {
    const { call, context, resolve } = held({ timeoutMs: 100 });
    expect(context.deadline).to.equal(1_000_100);
    call.clock.advance(99);
    expect(call.outcomes).to.deep.equal([]);
    call.clock.advance(1);
    expect([call.outcomes, call.completed]).to.deep.equal([['timeout'], false]);
    expect(call.fault?.message).to.equal("a message of type 'render' ran into the timeoutMs of its handler");
    expect(context.signal.reason).to.be.instanceOf(BusError).and.to.include({ code: 'timeout' });
    resolve('late');
    await call.settle();
    expect([call.outcomes, call.completed]).to.deep.equal([['timeout'], true]);
    expect(call.faults.map(({ code }) => code)).to.deep.equal(['timeout']);
    expect([call.clock.pending, call.abandoned.length]).to.deep.equal([0, 0]);
  });

  it("by the sender's deadline, if that is earlier", () => {
    const { call, context } = held({ timeoutMs: 100, deadline: 40 });
    expect(context.deadline).to.equal(1_000_040);
    call.clock.advance(40);
    expect(call.outcomes).to.deep.equal(['timeout']);
    expect(call.fault?.message).to.equal("a message of type 'render' ran out of time");
  });

  it('before it began: a message whose deadline has passed is not handled', () => {
    let ran = false;
    const call = new Trial(
      handler('render', () => {
        ran = true;
      }),
      {},
      { deadline: 10 },
    );
    call.clock.advance(10);
    expect(call.run().outcomes).to.deep.equal(['timeout']);
    expect(ran).to.equal(false);
  });

  for (const expects of ['acceptance', 'reply', 'stream'] as const) {
    it(`by a cancel of a ${expects}: the fault, no report, and the end when the handler has settled`, async () => {
      const { call, context, reject } = held({ expects });
      const { signal } = context;
      const reason = cancelled();
      call.invocation.cancel(reason);
      expect([call.outcomes, call.completed]).to.deep.equal([['cancelled'], false]);
      expect(signal.reason).to.equal(reason);
      reject(signal.reason);
      await call.settle();
      expect([call.outcomes, call.completed, call.faults]).to.deep.equal([['cancelled'], true, []]);
      expect(call.clock.pending).to.equal(0);
    });
  }

  it('by a cancel, for a signal that is read only afterwards', () => {
    const { call, context } = held();
    call.invocation.cancel(cancelled());
    expect(context.signal.aborted).to.equal(true);
    expect(context.signal.reason).to.include({ code: 'cancelled' });
  });

  it('by a cancel before it began: it does not run', () => {
    let ran = false;
    const call = new Trial(
      handler('render', () => {
        ran = true;
      }),
      {},
    );
    call.invocation.cancel(cancelled());
    expect([call.run().outcomes, ran, call.faults]).to.deep.equal([['cancelled'], false, []]);
  });

  it('by a cancel while the payload is checked: the handler does not run', async () => {
    let ran = false;
    const Text = defineMessage('text', { payload: z.string().refine(async () => true) });
    const call = new Trial(
      handler(Text, () => {
        ran = true;
      }),
      { value: 'a' },
    ).run();
    call.invocation.cancel(cancelled());
    await call.settle();
    expect([call.outcomes, call.completed, ran]).to.deep.equal([['cancelled'], true, false]);
  });

  it('comes once: a cancel after the answer or after another end changes nothing', async () => {
    const answered = held();
    answered.resolve(1);
    await answered.call.settle();
    answered.call.invocation.cancel(cancelled());
    expect(answered.call.outcomes).to.deep.equal([['value', 1]]);
    expect(answered.context.signal.aborted).to.equal(false);
    const { call } = held({ timeoutMs: 10 });
    call.clock.advance(10);
    call.invocation.cancel(cancelled());
    expect(call.outcomes).to.deep.equal(['timeout']);
  });

  it('comes once, though the one who gets it cancels there and then', async () => {
    const call = new Trial(
      handler('render', async () => 1),
      {},
    );
    const seen: string[] = [];
    const replies = call.invocation.run();
    if (replies === undefined || !('follow' in replies)) throw new Error('expected replies that come later');
    replies.follow({
      value({ status }) {
        seen.push(status);
        call.invocation.cancel(cancelled());
      },
      ended() {},
    });
    await call.settle();
    expect([seen, call.clock.pending]).to.deep.equal([['value'], 0]);
  });

  it('by a timeout where nothing is expected: a report, and no outcome', async () => {
    const { call, resolve } = held({ expects: 'nothing', timeoutMs: 10 });
    call.clock.advance(10);
    expect([call.outcomes, call.faults[0]?.code]).to.deep.equal([[], 'timeout']);
    resolve(undefined);
    await call.settle();
    expect([call.outcomes, call.completed]).to.deep.equal([[], true]);
  });

  it('leaves no timer behind when the handler settles in time', async () => {
    const { call, resolve } = held({ timeoutMs: 100, deadline: 50 });
    expect(call.clock.pending).to.equal(1);
    resolve(1);
    await call.settle();
    expect(call.clock.pending).to.equal(0);
  });

  it('is a handler abandoned, 5,000 ms after its signal fired; it can still settle', async () => {
    const { call, resolve } = held({ timeoutMs: 100 });
    call.clock.advance(5099);
    expect([call.completed, call.abandoned.length]).to.deep.equal([false, 0]);
    call.clock.advance(1);
    expect([call.outcomes, call.completed, call.abandoned.length]).to.deep.equal([['timeout'], true, 1]);
    let settled = false;
    void call.abandoned[0]?.then(() => {
      settled = true;
    });
    await call.settle();
    expect(settled).to.equal(false);
    resolve('at last');
    await call.settle();
    expect([settled, call.outcomes, call.clock.pending]).to.deep.equal([true, ['timeout'], 0]);
  });

  it('is the listener gone: the signal fires, and no timer stays', async () => {
    const { call, context, reject } = held({ timeoutMs: 100 });
    call.leave();
    expect(context.signal.reason).to.include({ code: 'cancelled' });
    expect(call.clock.pending).to.equal(0);
    reject(new Error('late'));
    await call.settle();
    expect([call.outcomes, call.faults, call.abandoned]).to.deep.equal([[], [], []]);
  });

  it('closes a stream that comes too late', async () => {
    let closed = 0;
    const { call, resolve } = held({ expects: 'stream' });
    call.invocation.cancel(cancelled());
    resolve({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: async () => {
          closed += 1;
          return { done: true };
        },
      }),
    });
    await call.settle();
    expect([closed, call.outcomes, call.completed]).to.deep.equal([1, ['cancelled'], true]);
  });
});
