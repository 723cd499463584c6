import { expect } from 'chai';
import { NEVER, Observable, of } from 'rxjs';
import { z } from 'zod';
import { BusError, defineMessage, handler } from '../../lib/index.js';
import { eventually, failure, sleep } from './moment.js';
import { Trial } from './trial.js';

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const Typed = defineMessage('typed', {
  payload: z.object({ n: z.number() }),
  reply: z.object({ m: z.number() }),
});
const Lines = defineMessage('lines', { stream: z.object({ line: z.string() }) });

/** Handlers that misbehave, each with the code that the sender gets. */
const bad: Record<string, [code: string, text: RegExp, handle: () => unknown]> = {
  throws: [
    'handler-failed',
    /boom/,
    () => {
      throw new Error('boom');
    },
  ],
  rejects: ['handler-failed', /boom/, () => Promise.reject(new Error('boom'))],
  'throws later': [
    'handler-failed',
    /boom/,
    async () => {
      await sleep(5);
      throw new Error('boom');
    },
  ],
  'throws undefined': [
    'handler-failed',
    /undefined/,
    () => {
      throw undefined;
    },
  ],
  'throws null': ['handler-failed', /null/, () => Promise.reject(null)],
  'throws a text': [
    'handler-failed',
    /just a text/,
    () => {
      throw 'just a text';
    },
  ],
  'throws a symbol': [
    'handler-failed',
    /Symbol/,
    () => {
      throw Symbol('s');
    },
  ],
  'throws a proxy': [
    'handler-failed',
    /./,
    () => {
      throw new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
          has: () => {
            throw new Error('no');
          },
        },
      );
    },
  ],
  'throws an error of its own': [
    'draining',
    /later/,
    () => {
      throw new BusError('draining', 'later', { details: { until: 5 } });
    },
  ],
  'gives a cycle': ['unserialisable', /gives a cycle/, () => cyclic],
  'gives a BigInt': ['unserialisable', /BigInt/, () => 5n],
  'gives a function': ['unserialisable', /function/, () => () => {}],
  'gives a toJSON that throws': [
    'unserialisable',
    /no json/,
    () => ({
      toJSON: () => {
        throw new Error('no json');
      },
    }),
  ],
  'gives a thenable that throws': [
    'handler-failed',
    /boom/,
    () =>
      Object.fromEntries([
        [
          'then',
          () => {
            throw new Error('boom');
          },
        ],
      ]),
  ],
  'gives too much': ['too-large', /at most 100000/, () => 'x'.repeat(1_000_000)],
};

const handlers = [
  ...Object.entries(bad).map(([type, [, , handle]]) => handler(type, handle)),
  handler('stuck', () => new Promise(() => {})),
  handler('stuck in time', () => new Promise(() => {}), { timeoutMs: 60 }),
  handler('never', () => NEVER),
  handler(Typed, ({ payload }) => ({ m: payload.n })),
  handler('typed badly', () => ({ m: 'not a number' })),
  handler('echo', ({ payload }) => payload),
  handler('size', ({ payload }) => (payload as string).length),
  handler('breaks off', async function* () {
    yield 1;
    yield 2;
    throw new Error('broke off');
  }),
  handler(
    'breaks off as observable',
    () =>
      new Observable((out) => {
        out.next(1);
        out.error(new Error('broke off'));
      }),
  ),
  handler(
    'throws in subscribe',
    () =>
      new Observable(() => {
        throw new Error('broke off');
      }),
  ),
  handler('large item', () => of(1, 'x'.repeat(1_000_000), 3)),
  handler('bad item', () => of(1, cyclic, 3)),
  handler('keyed', ({ payload }) => payload, {
    key: () => {
      throw new Error('no key');
    },
  }),
  handler('keyed badly', ({ payload }) => payload, { key: () => ({}) as string }),
];

for (const side of ['worker', 'hub'] as const)
  describe(`a handler on the ${side}`, () => {
    const limits = { maxPayloadBytes: 100_000 };
    const trial = Trial.suite(side === 'hub' ? { handlers, limits } : { limits });
    let request: (type: string, payload?: unknown, options?: object) => Promise<unknown>;
    let stream: (type: string) => Observable<unknown>;
    let faults: () => { type?: string; error?: BusError }[];

    beforeEach(async () => {
      const worker = await trial.worker({ id: 'w1', ...(side === 'worker' ? { handlers } : {}) });
      if (side === 'worker') {
        request = (type, payload, options) => trial.hub.request('w1', type, payload, options);
        stream = (type) => trial.hub.stream('w1', type, undefined);
        faults = () => worker.seen.filter(({ kind }) => kind === 'fault');
      } else {
        request = (type, payload, options) => worker.request(type, payload, options);
        stream = (type) => worker.stream(type, undefined);
        faults = () => trial.events('fault', 'w1');
      }
    });
    const fault = async (type: string) =>
      eventually(`a fault of '${type}'`, () => faults().find((event) => event.type === type));
    const collected = (items$: Observable<unknown>) =>
      new Promise<{ items: unknown[]; error: unknown }>((resolve) => {
        const items: unknown[] = [];
        items$.subscribe({
          next: (item) => items.push(item),
          error: (error) => resolve({ items, error }),
          complete: () => resolve({ items, error: undefined }),
        });
      });

    for (const [type, [code, text]] of Object.entries(bad))
      it(`that ${type} costs that message alone`, async () => {
        const others = Promise.all(Array.from({ length: 20 }, (_, n) => request('echo', n)));
        const error = await failure(request(type));
        expect(error).to.include({ code });
        expect(error.message).to.match(text);
        expect(error.details).to.not.have.property('stack');
        expect((await fault(type)).error).to.have.property('code', code);
        expect(await others).to.deep.equal(Array.from({ length: 20 }, (_, n) => n));
      });

    it('tells its own error with its details and whether to try again', async () => {
      const error = await failure(request('throws an error of its own'));
      expect(error).to.include({ code: 'draining', retryable: true });
      expect(error.details).to.deep.include({ until: 5 });
    });

    it('that fails a thousand times stays in service', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 1_000 }, (_, n) => request(n % 2 ? 'throws' : 'echo', n)),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(500);
    });

    it('that never settles holds its slot alone, and its caller gets the timeout', async () => {
      const before = performance.now();
      const error = await failure(request('stuck', 0, { timeoutMs: 150 }));
      expect(error).to.include({ code: 'timeout', retryable: true });
      expect(error.details).to.include({ delivery: 'unknown' });
      expect(performance.now() - before).to.be.within(140, 2_000);
      expect(await request('echo', 1)).to.equal(1);
    });

    it('that never settles is cut short by its own timeoutMs', async () => {
      const error = await failure(request('stuck in time'));
      expect(error).to.include({ code: 'timeout' });
      expect(error.message).to.include('timeoutMs of its handler');
      expect((await fault('stuck in time')).error).to.have.property('code', 'timeout');
    });

    it('of which every slot is taken leaves half of the lane to others', async () => {
      for (let n = 0; n < 60; n++) request('stuck', n, { timeoutMs: 1_000 }).catch(() => {});
      expect(await request('echo', 1, { timeoutMs: 900 })).to.equal(1);
    });

    it('whose payload fails its schema is not run, and the sender reads why', async () => {
      const error = await failure(request('typed', { n: 'five' }));
      expect(error).to.include({ code: 'invalid-payload', retryable: false });
      expect(error.message).to.include("'typed'").and.include('n');
      expect(error.details.issues).to.have.nested.property('[0].path[0]', 'n');
      expect((await fault('typed')).error).to.have.property('code', 'invalid-payload');
    });

    it('whose reply fails its schema gives the caller a typed error', async () => {
      const contract = defineMessage('typed badly', { reply: z.object({ m: z.number() }) });
      const asked = side === 'worker' ? trial.hub.request('w1', contract, undefined) : undefined;
      if (asked) expect(await failure(asked)).to.include({ code: 'invalid-payload' });
    });

    it('that is not there is an unhandled fault, counted', async () => {
      const error = await failure(request('nothing'));
      expect(error).to.include({ code: 'unhandled', retryable: false });
      expect(error.message).to.include("'nothing'");
      expect((await fault('nothing')).error).to.have.property('code', 'unhandled');
    });

    it('whose key throws or is none costs that message alone', async () => {
      expect(await failure(request('keyed', 1))).to.include({ code: 'handler-failed' });
      expect(await failure(request('keyed badly', 1))).to.include({ code: 'handler-failed' });
    });

    for (const type of ['breaks off', 'breaks off as observable', 'throws in subscribe'])
      it(`of a stream that ${type} ends that stream with its error`, async () => {
        const { error } = await collected(stream(type));
        expect(error).to.include({ code: 'handler-failed' });
        expect((error as BusError).message).to.include('broke off');
        await fault(type);
      });

    it('of a stream with an item that cannot be encoded ends that stream', async () => {
      const { items, error } = await collected(stream('bad item'));
      expect(items).to.deep.equal([1]);
      expect(error).to.include({ code: 'unserialisable' });
    });

    it('of a stream with an item that is too large ends that stream', async () => {
      const { items, error } = await collected(stream('large item'));
      expect(items).to.deep.equal([1]);
      expect(error).to.include({ code: 'too-large' });
      await fault('large item');
    });

    it('of a stream whose item fails its schema ends that stream, and is cancelled', async () => {
      if (side !== 'worker') return;
      await trial.worker({
        id: 'w2',
        handlers: [
          handler('lines', async function* () {
            yield { line: 'a' };
            yield { line: 5 };
          }),
        ],
      });
      const { items, error } = await collected(trial.hub.stream('w2', Lines, undefined));
      expect(items).to.deep.equal([{ line: 'a' }]);
      expect(error).to.include({ code: 'invalid-payload' });
    });

    it('is sent nothing that is too large: the sender is told at once', async () => {
      const before = faults().length;
      const error = await failure(request('size', 'x'.repeat(150_000)));
      expect(error).to.include({ code: 'too-large', retryable: false });
      expect(error.details).to.include({ type: 'size', maxPayloadBytes: 100_000 });
      expect(faults()).to.have.lengthOf(before);
      expect(await request('size', 'x'.repeat(99_000))).to.equal(99_000);
    });

    it('is sent nothing that cannot be encoded: the sender is told at once', async () => {
      expect(await failure(request('echo', cyclic))).to.include({ code: 'unserialisable' });
      expect(await failure(request('echo', 1, { headers: { n: 5 as unknown as string } })))
        .to.have.property('code')
        .that.is.oneOf(['unserialisable', 'invalid-option']);
      expect(await request('echo', 1)).to.equal(1);
    });
  });

describe('a publish that cannot be encoded', () => {
  const trial = Trial.suite();

  it('is refused at once, and not dropped in silence', () => {
    const headers = { n: 5 as unknown as string };
    expect(() => trial.hub.publish('healthy', 'echo', cyclic))
      .to.throw()
      .with.property('code', 'unserialisable');
    expect(() => trial.hub.publish('healthy', 'echo', 1, { headers }))
      .to.throw()
      .with.property('code')
      .that.is.oneOf(['unserialisable', 'invalid-option']);
  });
});
