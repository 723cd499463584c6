import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { concat, lastValueFrom, NEVER, Observable, of, take, throwError, toArray } from 'rxjs';
import { Measured } from './measured.js';

const collect = async (items: unknown): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const item of items as AsyncIterable<unknown>) all.push(item);
  return all;
};

async function* count(upTo: number) {
  for (let n = 1; n <= upTo; n++) yield n;
}

describe('the measuring of handlers', () => {
  let measured: Measured;
  beforeEach(() => {
    measured = new Measured();
  });

  it('passes plain values on, the very same', async () => {
    const values = [undefined, null, 0, '', 'text', Symbol.iterator, 10n, () => 1];
    const objects = [{ a: 1 }, [1, 2], new Uint8Array(3), new Date(), Object.freeze({ toJSON: () => 1 })];
    const iterable = Object.assign(new Set([1]), { toJSON: () => [1] });
    for (const value of [...values, ...objects, iterable])
      expect(measured.handler(() => value)()).to.equal(value);
    expect(await measured.handled()).to.deep.equal([0, 14, 14]);
  });

  it('counts a handler that throws under the code of its error, and lets the error pass', async () => {
    const error = new BusError('timeout', 'too late');
    const other = new Error('broken');
    const handle = measured.handler(({ payload }) => {
      throw payload;
    });
    expect(() => handle(error)).to.throw(error);
    expect(() => handle(other)).to.throw(other);
    expect(await measured.handled('timeout')).to.deep.equal([0, 2, 1]);
    expect(await measured.handled('handler-failed')).to.deep.equal([0, 2, 1]);
  });

  it('counts an asynchronous handler as running until it settles', async () => {
    let settle: (value: unknown) => void = () => {};
    const handle = measured.handler(() => new Promise((resolve) => (settle = resolve)));
    const result = handle();
    expect(await measured.handled()).to.deep.equal([1, 0, 0]);
    settle('done');
    expect(await result).to.equal('done');
    expect(await measured.handled()).to.deep.equal([0, 1, 1]);
  });

  it('leaves a rejection to whoever waits for the result', async () => {
    const error = new BusError('overflow', 'no room');
    const result = measured.handler(() => Promise.reject(error))();
    expect(await (result as Promise<unknown>).catch((thrown) => thrown)).to.equal(error);
    expect(await measured.handled('overflow')).to.deep.equal([0, 1, 1]);
  });

  it('counts once what settles more than once', async () => {
    // biome-ignore lint/suspicious/noThenProperty: the case is one of a promise that is none.
    const result = measured.handler(() => ({ then: (f: (v: number) => void) => [f(1), f(2)] }))();
    expect(await result).to.equal(1);
    expect(await measured.handled()).to.deep.equal([0, 1, 1]);
  });

  it('survives errors and results whose getters throw', async () => {
    const hostile = new Proxy(new Error('x'), {
      has: () => {
        throw new Error('has');
      },
      get: () => {
        throw new Error('get');
      },
    });
    const handle = measured.handler(({ payload }) => {
      if (payload === 'throw') throw hostile;
      return hostile;
    });
    let thrown: unknown;
    try {
      handle('throw');
    } catch (error) {
      thrown = error;
    }
    expect(Object.is(thrown, hostile)).to.equal(true);
    expect(Object.is(handle(), hostile)).to.equal(true);
    expect(await measured.handled('handler-failed')).to.deep.equal([0, 2, 1]);
  });

  describe('of a stream', () => {
    const kinds: Record<string, () => unknown> = {
      'an async generator': () => count(3),
      'a generator': () => [1, 2, 3].values(),
      'a set': () => new Set([1, 2, 3]),
      'a frozen iterable': () => Object.freeze({ [Symbol.asyncIterator]: () => count(3) }),
      'an iterator that answers at once': () => {
        let n = 0;
        return { [Symbol.asyncIterator]: () => ({ next: () => ({ value: ++n, done: n > 3 }) }) };
      },
    };
    for (const [what, make] of Object.entries(kinds)) {
      it(`counts ${what} until it has ended`, async () => {
        const stream = measured.handler(make)();
        expect(await collect(stream)).to.deep.equal([1, 2, 3]);
        expect(await measured.handled()).to.deep.equal([0, 1, 1]);
      });

      it(`counts a promise of ${what}`, async () => {
        const stream = measured.handler(async () => make())();
        expect(await collect(await stream)).to.deep.equal([1, 2, 3]);
        expect(await measured.handled()).to.deep.equal([0, 1, 1]);
      });
    }

    it('counts it as running while it is read', async () => {
      const items = (measured.handler(() => count(3))() as AsyncIterable<number>)[Symbol.asyncIterator]();
      await items.next();
      expect(await measured.handled()).to.deep.equal([1, 0, 0]);
      await items.return?.();
      expect(await measured.handled('cancelled')).to.deep.equal([0, 1, 1]);
    });

    it('counts one that is left under the reason of the signal', async () => {
      const items = (measured.handler(() => count(3))() as AsyncIterable<number>)[Symbol.asyncIterator]();
      await items.next();
      measured.controller.abort(new BusError('timeout', 'too late'));
      await items.return?.();
      expect(await measured.handled('timeout')).to.deep.equal([0, 1, 1]);
    });

    it('reaches an iterator that waits when nobody waits for it any more', async () => {
      let wake: (step: IteratorResult<number>) => void = () => {};
      const waiting = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<IteratorResult<number>>((resolve) => (wake = resolve)),
          return: async () => {
            wake({ value: undefined, done: true });
            return { value: undefined, done: true as const };
          },
        }),
      };
      const items = (measured.handler(() => waiting)() as AsyncIterable<number>)[Symbol.asyncIterator]();
      const pending = items.next();
      await items.return?.();
      expect((await pending).done).to.equal(true);
      expect(await measured.handled('cancelled')).to.deep.equal([0, 1, 1]);
    });

    it('has no return where the iterator has none', () => {
      const source = { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: 1, done: false }) }) };
      const stream = measured.handler(() => source)() as AsyncIterable<number>;
      expect(stream[Symbol.asyncIterator]()).to.not.have.property('return');
    });

    it('counts one that fails under the code of its error', async () => {
      const failing = async function* () {
        yield 1;
        throw new BusError('overflow', 'no room');
      };
      const stream = measured.handler(failing)();
      await collect(stream).then(
        () => expect.fail(),
        (thrown) => expect(thrown.code).to.equal('overflow'),
      );
      expect(await measured.handled('overflow')).to.deep.equal([0, 1, 1]);
    });

    it('counts an observable until it ends, fails or is left', async () => {
      const all = (source: Observable<unknown>) =>
        lastValueFrom((measured.handler(() => source)() as Observable<unknown>).pipe(toArray()));
      expect(await all(of(1, 2))).to.deep.equal([1, 2]);
      await all(
        concat(
          of(1),
          throwError(() => new BusError('timeout', '')),
        ),
      ).catch(() => {});
      const subscription = (measured.handler(() => NEVER)() as Observable<unknown>).subscribe();
      expect(await measured.handled()).to.deep.equal([1, 2, 1]);
      subscription.unsubscribe();
      expect(await measured.handled('timeout')).to.deep.equal([0, 3, 1]);
      expect(await measured.handled('cancelled')).to.deep.equal([0, 3, 1]);
    });

    it('takes an observable of another library', async () => {
      const foreign = Object.freeze({
        subscribe(observer: { next(item: number): void; complete(): void }) {
          observer.next(1);
          observer.complete();
          return { unsubscribe() {} };
        },
      });
      const stream = measured.handler(() => foreign)() as Observable<number>;
      expect(await lastValueFrom(stream)).to.equal(1);
      expect(await measured.handled()).to.deep.equal([0, 1, 1]);
    });

    it('stops an observable that emits at once and has no end, when it is left', () => {
      let emitted = 0;
      const endless = new Observable<number>((subscriber) => {
        while (!subscriber.closed && emitted < 1_000) subscriber.next(++emitted);
      });
      const stream = measured.handler(() => endless)() as Observable<number>;
      new Observable<number>((subscriber) => stream.subscribe(subscriber)).pipe(take(3)).subscribe();
      expect(emitted).to.equal(3);
    });

    it('shows nothing running for a stream that nobody reads', async () => {
      measured.handler(() => count(3))();
      measured.handler(() => NEVER)();
      expect(await measured.handled()).to.deep.equal([0, 0, 0]);
    });
  });
});
