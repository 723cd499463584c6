import { expect } from 'chai';
import { concat, NEVER, Observable, of, range, Subject, throwError } from 'rxjs';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { Demand } from '../../lib/handler/demand.js';
import { handler } from '../../lib/handler/registration.js';
import { noUnhandledRejections } from './rejections.js';
import { Trial } from './trial.js';

const stream = (handle: (message: HandlerMessage, context: Context) => unknown, credit: number) => {
  const demand = new Demand(credit);
  return { call: new Trial(handler('tail', handle), { expects: 'stream' }, { demand }), demand };
};
const items = (...values: unknown[]) => [...values.map((value) => ['item', value]), 'done'];
const cancelled = () => new BusError('cancelled', 'not wanted any more');

describe('a stream of replies', () => {
  noUnhandledRejections();

  const sources: [name: string, make: () => unknown, outcomes: unknown[]][] = [
    [
      'an async generator',
      async function* () {
        yield 1;
        yield 2;
      },
      items(1, 2),
    ],
    [
      'a generator',
      function* () {
        yield 1;
        yield 2;
      },
      items(1, 2),
    ],
    ['an array', () => [1, 2], items(1, 2)],
    ['an array of promises', () => [Promise.resolve(1), 2], items(1, 2)],
    ['a Set', () => new Set([1, 2]), items(1, 2)],
    ['an observable', () => of(1, 2), items(1, 2)],
    [
      'an observable of another library',
      () => ({ [Symbol.for('x')]: 0, subscribe: of(1, 2).subscribe.bind(of(1, 2)) }),
      items(1, 2),
    ],
    ['an interoperable observable', () => ({ '@@observable': () => of(1, 2) }), items(1, 2)],
    ['a promise of any of these', async () => of(1, 2), items(1, 2)],
    ['one plain value', () => ({ a: 1 }), items({ a: 1 })],
    ['a string', () => 'ab', items('ab')],
    ['bytes', () => new Uint8Array([1]), items(new Uint8Array([1]))],
    ['nothing', () => {}, items()],
    ['an empty array', () => [], items()],
    ['items of undefined', () => [undefined], items(undefined)],
  ];
  for (const [name, make, outcomes] of sources) {
    it(`is made of ${name}`, async () => {
      const { call } = stream(make, 10);
      await call.run().settle();
      expect([call.outcomes, call.completed, call.faults]).to.deep.equal([outcomes, true, []]);
    });
  }

  it('advances an iterable only while there is credit', async () => {
    let advanced = 0;
    const { call, demand } = stream(async function* () {
      for (;;) yield ++advanced;
    }, 0);
    await call.run().settle();
    expect(advanced).to.equal(0);
    demand.allow(3);
    await call.settle();
    expect([advanced, call.replies.length]).to.deep.equal([3, 3]);
    demand.allow(2);
    demand.allow(Number.NaN);
    await call.settle();
    expect(advanced).to.equal(3);
    demand.allow(4);
    await call.settle();
    expect(advanced).to.equal(4);
    call.leave();
  });

  it('lets other work run while a generator never waits', async () => {
    const { call } = stream(async function* () {
      for (;;) yield 1;
    }, 1_000_000);
    call.run();
    await call.settle();
    expect(call.replies.length).to.be.within(64, 1000);
    call.leave();
  });

  it('keeps what an observable emits until there is credit, in order, before its end', async () => {
    const { call, demand } = stream(
      () =>
        concat(
          of(1, 2, 3),
          throwError(() => new Error('boom')),
        ),
      1,
    );
    call.run();
    expect(call.outcomes).to.deep.equal([['item', 1]]);
    demand.allow(2);
    expect(call.outcomes).to.deep.equal([
      ['item', 1],
      ['item', 2],
    ]);
    demand.allow(9);
    expect(call.outcomes.slice(2)).to.deep.equal([['item', 3], 'handler-failed']);
    expect(call.completed).to.equal(true);
  });

  it('faults with overflow when an observable is more than 1,024 items ahead, and unsubscribes', async () => {
    const source = new Subject<number>();
    const { call } = stream(() => source, 2);
    call.run();
    for (let n = 0; n < 1026; n++) source.next(n);
    expect(call.outcomes).to.have.length(2);
    source.next(1026);
    expect(call.outcomes.slice(2)).to.deep.equal(['overflow']);
    expect(source.observed).to.equal(false);
    await call.settle();
    expect([call.completed, call.clock.pending]).to.deep.equal([true, 0]);
  });

  it('ends an endless observable that emits all at once', async () => {
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < 100_000) subscriber.next(emitted++);
    });
    const { call } = stream(() => endless, 0);
    await call.run().settle();
    expect(call.outcomes).to.deep.equal(['overflow']);
    expect(emitted).to.be.lessThan(1100);
    const bounded = stream(() => range(0, 1024), 0).call;
    expect(bounded.run().outcomes).to.deep.equal([]);
    bounded.leave();
  });

  const failing: [name: string, make: () => unknown, text: string][] = [
    [
      'generator throws',
      async function* () {
        yield 1;
        throw new Error('boom');
      },
      'boom',
    ],
    [
      'iterator throws at once',
      () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => {
            throw new Error('boom');
          },
        }),
      }),
      'boom',
    ],
    [
      'iterator gives no result',
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => undefined }) }),
      'undefined',
    ],
    [
      'iterator cannot be had',
      () => ({
        [Symbol.asyncIterator]: () => {
          throw new Error('boom');
        },
      }),
      'boom',
    ],
    ['iterable promises a rejection', () => [Promise.reject(new Error('boom'))], 'boom'],
    ['observable errors', () => throwError(() => 'boom'), 'boom'],
    [
      'subscribing throws',
      () => ({
        subscribe: () => {
          throw new Error('boom');
        },
      }),
      'boom',
    ],
  ];
  for (const [name, make, text] of failing) {
    it(`ends with one fault if its ${name}`, async () => {
      const { call } = stream(make, 10);
      await call.run().settle();
      expect(call.outcomes.at(-1)).to.equal('handler-failed');
      expect(call.outcomes.filter((outcome) => typeof outcome === 'string')).to.have.length(1);
      expect(call.fault?.message).to.include(text);
      expect([call.completed, call.faults.length]).to.deep.equal([true, 1]);
    });
  }

  it('ends with a fault at an item that cannot be encoded, and closes its source', async () => {
    let closed = false;
    const { call } = stream(async function* () {
      try {
        yield 1;
        yield 2n;
        yield 3;
      } finally {
        closed = true;
      }
    }, 10);
    await call.run().settle();
    expect([call.outcomes, call.completed, closed]).to.deep.equal([
      [['item', 1], 'unserialisable'],
      true,
      true,
    ]);
    expect(call.fault?.message).to.include("the item of 'tail' cannot be encoded");
    const source = new Subject<unknown>();
    const other = stream(() => source, 10).call.run();
    source.next(1n);
    expect([other.outcomes, source.observed]).to.deep.equal([['unserialisable'], false]);
  });

  for (const how of ['cancel', 'timeout'] as const) {
    it(`closes an iterator at a ${how}, though it waits for credit`, async () => {
      let closed = false;
      const demand = new Demand(1);
      const tail = async function* () {
        try {
          for (;;) yield 1;
        } finally {
          closed = true;
        }
      };
      const call = new Trial(handler('tail', tail, { timeoutMs: 100 }), { expects: 'stream' }, { demand });
      await call.run().settle();
      if (how === 'cancel') call.invocation.cancel(cancelled());
      else call.clock.advance(100);
      expect(call.completed).to.equal(false);
      await call.settle();
      expect([call.outcomes, closed]).to.deep.equal([
        [['item', 1], how === 'cancel' ? 'cancelled' : how],
        true,
      ]);
      expect([call.completed, call.clock.pending]).to.deep.equal([true, 0]);
    });
  }

  it('reports it if closing the iterator fails, and sends one fault', async () => {
    for (const closing of [
      () => Promise.reject(new Error('stuck')),
      () => {
        throw new Error('stuck');
      },
    ]) {
      const source = {
        next: () => new Promise(() => {}),
        return: closing,
        [Symbol.asyncIterator]() {
          return this;
        },
      };
      const { call, demand } = stream(() => source, 0);
      await call.run().settle();
      call.invocation.cancel(cancelled());
      await call.settle();
      expect([call.outcomes, call.completed]).to.deep.equal([['cancelled'], true]);
      expect(call.faults.map(({ message }) => message)).to.deep.equal(['stuck']);
      demand.allow(5);
    }
  });

  it('is abandoned if its generator does not heed the signal', async () => {
    const { call } = stream(async function* () {
      yield 1;
      await new Promise(() => {});
    }, 10);
    await call.run().settle();
    call.invocation.cancel(cancelled());
    await call.settle();
    expect(call.completed).to.equal(false);
    call.clock.advance(5000);
    expect([call.completed, call.abandoned.length]).to.deep.equal([true, 1]);
  });

  it('unsubscribes from an observable at a cancel, and reports what that throws', async () => {
    let unsubscribed = 0;
    const source = new Observable<number>((subscriber) => {
      subscriber.next(1);
      return () => {
        unsubscribed += 1;
        throw new Error('teardown');
      };
    });
    const { call } = stream(() => source, 10);
    call.run();
    call.invocation.cancel(cancelled());
    await call.settle();
    expect([call.outcomes, call.completed, unsubscribed]).to.deep.equal([
      [['item', 1], 'cancelled'],
      true,
      1,
    ]);
    expect(call.faults).to.have.length(1);
  });

  it('gives the fault before the end, though the source ends as the signal fires', async () => {
    const { call } = stream(
      (_, { signal }) =>
        new Observable((subscriber) => signal.addEventListener('abort', () => subscriber.complete())),
      10,
    );
    call.run();
    call.invocation.cancel(cancelled());
    await call.settle();
    expect([call.outcomes, call.completed]).to.deep.equal([['cancelled'], true]);
  });

  it('drops what comes after a cancel', async () => {
    const source = new Subject<number>();
    const { call, demand } = stream(() => source, 0);
    call.run();
    source.next(1);
    call.invocation.cancel(cancelled());
    demand.allow(10);
    await call.settle();
    expect([call.outcomes, call.completed]).to.deep.equal([['cancelled'], true]);
  });

  it('stops its source when the listener goes away', async () => {
    const source = new Subject<number>();
    const { call } = stream(() => concat(source, NEVER), 10);
    call.run();
    call.leave();
    expect(source.observed).to.equal(false);
    await call.settle();
    expect([call.faults, call.clock.pending]).to.deep.equal([[], 0]);
  });
});
