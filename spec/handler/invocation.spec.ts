import { expect } from 'chai';
import * as v from 'valibot';
import { z } from 'zod';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Expects } from '../../lib/frame/frame.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { defineMessage } from '../../lib/handler/contract.js';
import { handler } from '../../lib/handler/registration.js';
import { noUnhandledRejections } from './rejections.js';
import { Trial } from './trial.js';

type Handle = (message: HandlerMessage, context: Context) => unknown;
const trial = (handle: Handle, expects: Expects = 'reply', value: unknown = undefined) =>
  new Trial(handler('render', handle), { expects, value });

describe('an invocation', () => {
  noUnhandledRejections();

  it('gives the handler the message and its context', () => {
    const seen: [HandlerMessage, Context][] = [];
    const call = trial((message, context) => void seen.push([message, context]), 'nothing', { frame: 1 });
    call.run();
    const [message, context] = seen[0] as [HandlerMessage, Context];
    expect(message).to.deep.equal({ payload: { frame: 1 }, type: 'render', id: 'w1/e1/7', headers: {} });
    expect(context).to.include({ from: call.from, attempt: 1, deadline: undefined, log: call.log });
    new Trial(
      handler('render', ({ id, headers }) => expect([id, headers]).to.deep.equal(['x', { a: 'b' }])),
      { id: 'x', headers: { a: 'b' } },
    ).run();
  });

  const results: [name: string, handle: Handle, expects: Expects, outcomes: unknown[]][] = [
    ['nothing for a message that expects nothing', () => 1, 'nothing', []],
    ['done for an acceptance, whatever the handler returned', () => ({ a: 1 }), 'acceptance', ['done']],
    ['the value for a reply', () => ({ a: 1 }), 'reply', [['value', { a: 1 }]]],
    ['no value for a reply of nothing', () => {}, 'reply', [['value', undefined]]],
    ['null as a value', () => null, 'reply', [['value', null]]],
    ['an array as one value', () => [1, 2], 'reply', [['value', [1, 2]]]],
    ['a string as one value', () => 'ab', 'reply', [['value', 'ab']]],
    ['bytes as one value', () => new Uint8Array([1]), 'reply', [['value', new Uint8Array([1])]]],
    [
      'what an iterable with a toJSON makes of itself',
      () => Object.assign(new Set([1]), { toJSON: () => 'set' }),
      'reply',
      [['value', 'set']],
    ],
  ];
  for (const [name, handle, expects, outcomes] of results) {
    it(`gives ${name}, at once`, () => {
      const call = trial(handle, expects).run();
      expect(call.outcomes).to.deep.equal(outcomes);
      expect(call.returned === undefined || Array.isArray(call.returned)).to.equal(true);
    });

    it(`gives ${name}, from a promise`, async () => {
      const call = trial(async (...args) => handle(...args), expects).run();
      expect(call.completed).to.equal(false);
      await call.settle();
      expect([call.outcomes, call.completed]).to.deep.equal([outcomes, true]);
      expect(call.faults).to.deep.equal([]);
    });
  }

  it('costs no observable and no timer where a handler is done at once and nothing is expected', () => {
    const call = new Trial(
      handler('render', () => {}, { timeoutMs: 5 }),
      { expects: 'nothing' },
    );
    call.run();
    expect(call.returned).to.equal(undefined);
    expect(call.clock.pending).to.equal(0);
  });

  it('makes the signal when it is read, and the same one each time', () => {
    trial((_, context) => {
      expect(context.signal.aborted).to.equal(false);
      expect(context.signal).to.equal(context.signal);
      const { signal, from } = context;
      expect([signal, from.id]).to.deep.equal([context.signal, 'w1']);
    }).run();
  });

  const hostile = () => {
    const refuse = () => {
      throw new Error('hands off');
    };
    return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse });
  };
  const failures: [name: string, handle: Handle, code: string, text: string][] = [
    [
      'throws an error',
      () => {
        throw new Error('boom');
      },
      'handler-failed',
      'boom',
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      'handler-failed',
      'undefined',
    ],
    [
      'throws a hostile proxy',
      () => {
        throw hostile();
      },
      'handler-failed',
      'a value that cannot be printed',
    ],
    [
      'throws a BusError',
      () => {
        throw new BusError('too-large', 'no');
      },
      'too-large',
      'no',
    ],
    ['rejects with a string', () => Promise.reject('boom'), 'handler-failed', 'boom'],
    ['rejects with nothing', () => Promise.reject(undefined), 'handler-failed', 'undefined'],
    [
      'rejects with a hostile proxy',
      () => Promise.reject(hostile()),
      'handler-failed',
      'a value that cannot be printed',
    ],
    ['returns a hostile proxy', () => hostile(), 'handler-failed', 'hands off'],
    [
      'promises a hostile proxy',
      () => new Promise((resolve) => resolve({ inside: hostile() })),
      'unserialisable',
      "the reply of 'render' cannot be encoded",
    ],
    ['returns a BigInt', () => 1n, 'unserialisable', "the reply of 'render' cannot be encoded"],
    ['promises a function', async () => () => {}, 'unserialisable', 'a function is no data'],
    [
      'returns a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the point
        then() {
          throw new Error('bad then');
        },
      }),
      'handler-failed',
      'bad then',
    ],
    [
      'returns a thenable whose then cannot be read',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw new Error('no then');
          },
        }),
      'handler-failed',
      'no then',
    ],
    ['streams without being asked to', async function* () {}, 'invalid-payload', 'ask for it with stream()'],
    ['returns a Map', () => new Map(), 'invalid-payload', 'ask for it with stream()'],
  ];
  for (const [name, handle, code, text] of failures) {
    it(`gives one fault if the handler ${name}, and reports it`, async () => {
      const call = await trial(handle).run().settle();
      expect([call.outcomes, call.completed]).to.deep.equal([[code], true]);
      expect(call.fault?.message).to.include(text);
      expect(call.faults.map((error) => error.code)).to.deep.equal([code]);
    });

    if (code === 'unserialisable') continue; // nothing expected, nothing encoded
    it(`reports it and sends nothing if the handler ${name} and nothing is expected`, async () => {
      const call = await trial(handle, 'nothing').run().settle();
      expect(call.outcomes).to.deep.equal([]);
      expect(call.faults.map((error) => error.code)).to.deep.equal([code]);
    });
  }

  it('tells an acceptance of a failure', async () => {
    const call = await trial(() => Promise.reject(new Error('boom')), 'acceptance')
      .run()
      .settle();
    expect(call.outcomes).to.deep.equal(['handler-failed']);
  });

  it('takes the first answer of a promise that calls back twice', async () => {
    const twice = Promise.resolve(1);
    // biome-ignore lint/suspicious/noThenProperty: that is the point
    twice.then = ((fulfil: (value: unknown) => void, reject: (thrown: unknown) => void) => {
      fulfil([1]);
      reject(new Error('both'));
      fulfil([2]);
    }) as never;
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      then(fulfil: (value: unknown) => void, reject: (thrown: unknown) => void) {
        fulfil(1);
        reject(new Error('both'));
        throw new Error('and this');
      },
    };
    for (const result of [twice, thenable]) {
      const call = await trial(() => result, 'stream')
        .run()
        .settle();
      expect(call.outcomes).to.deep.equal([['item', 1], 'done']);
      expect(call.faults).to.deep.equal([]);
    }
  });

  it('keeps the stack of a handler to itself unless told otherwise', () => {
    const boom = () => {
      throw new Error('boom');
    };
    const call = trial(boom).run();
    expect(call.fault).not.to.have.property('stack');
    const [{ cause }] = call.faults as [BusError];
    expect((cause as Error).stack).to.include('invocation.spec');
    const open = trial(boom);
    open.exposeStacks = true;
    expect(open.run().fault?.stack).to.include('invocation.spec');
  });

  it('keeps what was given before anybody listens', async () => {
    const call = trial(async () => 1);
    const replies = call.invocation.run();
    await call.settle();
    const seen: unknown[] = [];
    if (replies === undefined || !('follow' in replies)) throw new Error('expected replies that come later');
    replies.follow({ value: ({ status }) => seen.push(status), ended: () => seen.push('ended') });
    expect(seen).to.deep.equal(['value', 'ended']);
  });
});

describe('the payload of a handler', () => {
  noUnhandledRejections();
  let ran: unknown[] = [];
  const run: Handle = ({ payload }) => void ran.push(payload);
  beforeEach(() => {
    ran = [];
  });

  it('that cannot be read never reaches it', () => {
    const call = new Trial(handler('render', run), { payload: Buffer.from('{'), codec: '' }).run();
    expect([call.outcomes, ran]).to.deep.equal([['invalid-payload'], []]);
  });

  const atLeast2 = z
    .string()
    .min(2)
    .transform((text) => text.length);
  const schemas = {
    zod: atLeast2,
    'zod, asynchronously': atLeast2.refine(async () => true),
    valibot: v.pipe(
      v.string(),
      v.minLength(2),
      v.transform((text) => text.length),
    ),
    'valibot, asynchronously': v.pipeAsync(
      v.string(),
      v.minLength(2),
      v.transform((text) => text.length),
      v.checkAsync(async () => true),
    ),
  };
  for (const [name, payload] of Object.entries(schemas)) {
    const Text = defineMessage('text', { payload });

    it(`is what ${name} makes of it`, async () => {
      const call = new Trial(handler(Text, run as never), { value: 'abc', expects: 'acceptance' }).run();
      if (!name.includes('async')) expect(ran).to.deep.equal([3]);
      await call.settle();
      expect([call.outcomes, ran]).to.deep.equal([['done'], [3]]);
    });

    it(`never reaches it if ${name} refuses`, async () => {
      const call = await new Trial(handler(Text, run as never), { value: 'a' }).run().settle();
      expect([call.outcomes, ran]).to.deep.equal([['invalid-payload'], []]);
      expect(call.fault?.message).to.include("the payload of 'text' does not fit its contract");
      expect(JSON.parse(call.fault?.details ?? '').issues[0]).to.have.keys('message', 'path');
    });
  }

  it('is refused with message and path of at most ten issues', () => {
    const List = defineMessage('list', { payload: z.object({ in: z.array(z.string()) }) });
    const call = new Trial(handler(List, run as never), { value: { in: Array(30).fill(1) } }).run();
    const { issues } = JSON.parse(call.fault?.details ?? '');
    expect(issues).to.have.length(10);
    expect(issues[1].path).to.deep.equal(['in', '1']);
    expect(call.fault?.message).to.match(/ at in\.0 \(and 29 more\)$/);
  });

  const broken: [name: string, validate: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['gives nothing', () => undefined],
    ['promises nothing', async () => undefined],
    ['has issues that are none', () => ({ issues: 7 })],
    ['promises issues that are none', async () => ({ issues: [null] })],
  ];
  for (const [name, validate] of broken) {
    it(`is refused if its validator ${name}`, async () => {
      const payload = { '~standard': { version: 1, vendor: 'spec', validate } } as never;
      const call = new Trial(handler(defineMessage('text', { payload }), run as never), { value: 1 });
      await call.run().settle();
      expect([call.outcomes, ran]).to.deep.equal([['invalid-payload'], []]);
      expect(call.fault?.message).to.include("the validator for the payload of 'text' failed");
    });
  }

  describe('gives a key', () => {
    const keyed = (key: (payload: never) => unknown, value: unknown, payload?: z.ZodType) => {
      const contract = defineMessage('k', payload ? { payload } : {});
      return new Trial(handler(contract, run as never, { key: key as never }), { value });
    };

    it('of what the schema makes of it, read and checked once', () => {
      let checks = 0;
      const schema = z.number().transform((n) => n * 10 + checks++);
      const call = keyed((n) => n + 1, 4, schema);
      expect(call.invocation.readKey()).to.equal(41);
      call.run();
      expect([ran, checks]).to.deep.equal([[40], 1]);
    });

    it('that is empty where it cannot be had, and the fault comes when it runs', () => {
      const wrong: [call: Trial, code: string][] = [
        [
          keyed(() => {
            throw new Error('no key');
          }, 1),
          'handler-failed',
        ],
        [keyed(() => ({}), 1), 'handler-failed'],
        [keyed(() => 'a', 1, z.string()), 'invalid-payload'],
      ];
      for (const [call, code] of wrong) {
        expect(call.invocation.readKey()).to.equal('');
        expect(call.run().outcomes).to.deep.equal([code]);
      }
      expect(ran).to.deep.equal([]);
    });

    it('that is empty while the check is asynchronous, even if it never runs', async () => {
      const call = keyed(
        () => 'a',
        1,
        z.number().refine(async () => false),
      );
      expect(call.invocation.readKey()).to.equal('');
      await call.settle();
      const runs = keyed(
        () => 'a',
        1,
        z.number().refine(async () => true),
      );
      runs.invocation.readKey();
      await runs.run().settle();
      expect(ran).to.deep.equal([1]);
    });

    it('that is empty for a handler without one', () => {
      expect(trial(run).invocation.readKey()).to.equal('');
    });
  });
});
