import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Message } from '../../lib/frame/frame.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { Demand } from '../../lib/handler/demand.js';
import { Executors, missingExecutor } from '../../lib/handler/executor.js';
import { handler, type ModuleOptions } from '../../lib/handler/registration.js';
import { systemClock } from '../../lib/time/clock.js';
import { noUnhandledRejections } from './rejections.js';
import { ThreadExecutor } from './thread-executor.js';
import { Trial } from './trial.js';

const module = new URL('./crunch.js', import.meta.url);
const place = { module, export: 'square' };

/** Waits, turn by turn, for what another thread brings about; mocha's own limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => systemClock.after(1, resolve));
}

/** Executors with one that runs `execute` here. */
const here = (execute: (...call: [HandlerMessage, Context]) => unknown) =>
  new Executors([
    {
      plugin: 'here',
      executor: { run: 'here', execute: (_, message, context) => execute(message, context) },
    },
  ]);

describe('executors', () => {
  noUnhandledRejections();

  it('leave a handler that runs inline as it is', () => {
    const registration = handler('square', () => {});
    expect(here(() => {}).bind(registration)).to.equal(registration);
    const inline = handler('square', () => {}, { run: 'inline' });
    expect(here(() => {}).bind(inline)).to.equal(inline);
  });

  it('bind a handler to the executor that it asks for, and change nothing else of it', () => {
    const registration = { ...handler('square', place, { run: 'here', concurrency: 2 }), plugin: 'maths' };
    const bound = here(() => {}).bind(registration);
    const { handle, ...rest } = registration;
    expect(bound).to.deep.include(rest);
    expect(bound.handle).not.to.equal(handle);
    expect(Object.isFrozen(bound)).to.equal(true);
  });

  it('refuse a handler whose executor nobody contributes, in the words of the check', () => {
    const registration = handler('crunch', place, { run: 'thread' });
    const text = "handler 'crunch' wants run: 'thread', and no plugin contributes an executor for it";
    expect(missingExecutor(registration)).to.equal(text);
    expect(() => here(() => {}).bind(registration))
      .to.throw(BusError, text)
      .that.has.property('code', 'invalid-option');
  });

  it('refuse a function that was put together by hand to run elsewhere', () => {
    const registration = { ...handler('square', () => {}), options: { run: 'here' } };
    expect(() => here(() => {}).bind(registration))
      .to.throw(BusError, "handler 'square': it is a function, and a closure cannot travel")
      .that.has.property('code', 'invalid-option');
  });

  it('get the place, the message and the context', () => {
    const seen: unknown[] = [];
    const execute = (...call: unknown[]) => void seen.push(...call);
    const bound = new Executors([{ plugin: 'here', executor: { run: 'here', execute } }]).bind(
      handler('square', place, { run: 'here' }),
    );
    const call = new Trial(bound, { value: 7 }).run();
    expect(seen[0]).to.deep.equal(place);
    expect(seen[1]).to.deep.equal({ payload: 7, type: 'square', id: 'w1/e1/7', headers: {} });
    expect(seen[2]).to.include({ from: call.from, attempt: 1 });
  });

  const results: [name: string, execute: () => unknown, expects: Message['expects'], outcomes: unknown[]][] =
    [
      ['a value', () => 1, 'reply', [['value', 1]]],
      ['a promise', async () => 1, 'reply', [['value', 1]]],
      ['items', () => [1, 2], 'stream', [['item', 1], ['item', 2], 'done']],
      [
        'an error at once',
        () => {
          throw new TypeError('no');
        },
        'reply',
        ['handler-failed'],
      ],
      ['an error later', () => Promise.reject(new TypeError('no')), 'reply', ['handler-failed']],
      ['an error with a code', () => Promise.reject(new BusError('overflow', 'full')), 'reply', ['overflow']],
      ['what cannot be encoded', () => 1n, 'reply', ['unserialisable']],
    ];
  for (const [name, execute, expects, outcomes] of results)
    it(`that give ${name} answer with it, as a handler would`, async () => {
      const bound = here(execute).bind(handler('square', place, { run: 'here' }));
      const call = new Trial(bound, { expects }, { demand: new Demand(8) });
      await call.run().settle();
      expect([call.outcomes, call.completed]).to.deep.equal([outcomes, true]);
      if (outcomes[0] === 'handler-failed') expect(call.fault).to.include({ message: 'no' });
    });
});

describe('an error without a code', () => {
  it("that an executor throws at once says which plugin it came through; one that comes later may be the handler's", async () => {
    const thrown = new TypeError('no');
    const fail = () => {
      throw thrown;
    };
    for (const [execute, details] of [
      [fail, { executor: 'here' }],
      [async () => fail(), {}],
    ] as const) {
      const call = await new Trial(here(execute).bind(handler('square', place, { run: 'here' })), {})
        .run()
        .settle();
      expect(call.faults[0]).to.deep.include({ code: 'handler-failed', message: 'no', details });
      expect(call.faults[0]?.cause).to.equal(thrown);
    }
  });
});

describe('a handler in a thread', () => {
  noUnhandledRejections();

  const threads = new ThreadExecutor();
  const executors = new Executors([{ plugin: 'threads', executor: threads }]);
  const trial = (
    name: string,
    message: Partial<Message> & { value?: unknown } = {},
    options: object = {},
  ) => {
    const run: ModuleOptions = { run: 'thread', ...options };
    return new Trial(executors.bind(handler(name, { module, export: name }, run)), message).run();
  };
  const ended = async (call: Trial) => {
    await until(() => call.completed && threads.running === 0);
    return call;
  };
  /** A call whose thread computes and never yields. */
  const spinning = async (options: object = {}) => {
    const started = new SharedArrayBuffer(4);
    // A payload that a thread shares cannot come over the wire: the executor gets it in the place of what did.
    const sharing = new Executors([
      {
        plugin: 'threads',
        executor: {
          run: 'thread',
          execute: (where, message, context) =>
            threads.execute(where, { ...message, payload: started }, context),
        },
      },
    ]);
    const bound = sharing.bind(handler('spin', { module, export: 'spin' }, { run: 'thread', ...options }));
    const call = new Trial(bound, {}).run();
    await until(() => Atomics.load(new Int32Array(started), 0) === 1);
    return call;
  };

  it('is another thread, which gets the message and whose result is the reply', async () => {
    expect((await ended(trial('square', { value: 7 }))).outcomes).to.deep.equal([['value', 49]]);
    const [outcome] = (await ended(trial('whereabouts'))).outcomes as [[string, Record<string, unknown>]];
    expect(outcome?.[1]).to.include({ type: 'whereabouts', id: 'w1/e1/7' });
    expect(outcome?.[1].threadId).to.be.above(0);
  });

  it('is ended by its timeoutMs though it spins, and its slot is free then', async () => {
    const call = await spinning({ timeoutMs: 100 });
    expect([call.outcomes, threads.running]).to.deep.equal([[], 1]);
    call.clock.advance(100);
    expect([call.outcomes, call.completed]).to.deep.equal([['timeout'], false]);
    await ended(call);
    expect([call.outcomes, call.abandoned, call.clock.pending]).to.deep.equal([['timeout'], [], 0]);
  });

  it('is ended by a cancel though it spins', async () => {
    const call = await spinning();
    call.invocation.cancel(new BusError('cancelled', 'not wanted any more'));
    await ended(call);
    expect([call.outcomes, call.faults, call.abandoned]).to.deep.equal([['cancelled'], [], []]);
  });

  const failures: [name: string, text: string][] = [
    ['fail', 'out of reach'],
    ['crash', 'the thread ended with 3'],
    ['nothing', 'is not a function'],
    ['missing', 'is not a function'],
  ];
  for (const [name, text] of failures)
    it(`costs one message if its export is '${name}'`, async () => {
      const call = await ended(trial(name));
      expect(call.outcomes).to.deep.equal(['handler-failed']);
      expect(call.fault?.message).to.include(text);
      expect(call.fault?.details).to.equal('');
      expect(call.faults).to.have.length(1);
    });
});
