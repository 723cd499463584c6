import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { type Context, type HandlerMessage, type Log, MessageContext } from '../../lib/handler/context.js';
import { Demand } from '../../lib/handler/demand.js';
import { handler, type Registration } from '../../lib/handler/registration.js';
import type { HandlerInterceptor, Interceptor } from '../../lib/plugin/contributions.js';
import type { Services } from '../../lib/services/services.js';
import { token } from '../../lib/services/token.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Trial as Call } from '../handler/trial.js';
import { plugin, Trial } from './trial.js';

/** The application's handler 'x' with the interceptors of plugin 'p' around it. */
function wrapped(interceptors: Interceptor[], handle: Registration['handle'] = ({ payload }) => payload) {
  const plugins = [plugin('p', { contributes: { interceptors } })];
  const { contributions } = new Trial().host(plugins, { applicationHandlers: [handler('x', handle)] });
  return contributions.handlers[0] as Registration;
}

/** What the sender of one message gets. */
const sent = (registration: Registration, value: unknown = 1) =>
  new Call(registration, { value }).run().settle();

const boom = () => {
  throw new Error('boom');
};

describe('interceptors', () => {
  noUnhandledRejections();

  it('nest: the first listed is the outermost, and plugins nest in dependency order', async () => {
    const notes: string[] = [];
    const noting =
      (name: string): HandlerInterceptor =>
      (next) =>
      async (message, context) => {
        notes.push(`into ${name}`);
        const result = await next(message, context);
        notes.push(`out of ${name}`);
        return result;
      };
    const plugins = [
      plugin('a', { contributes: { interceptors: [noting('a1'), noting('a2')] } }, { requires: { b: '*' } }),
      plugin('b', { contributes: { interceptors: [noting('b')] } }),
    ];
    const applicationHandlers = [handler('x', () => void notes.push('handler'))];
    const { handlers } = new Trial().host(plugins, { applicationHandlers }).contributions;
    await sent(handlers[0] as Registration);
    expect(notes).to.deep.equal([
      ...['into b', 'into a1', 'into a2'],
      'handler',
      ...['out of a2', 'out of a1', 'out of b'],
    ]);
  });

  it('are given as a function, or as the handler side of an object; what is around sends is not around handlers', () => {
    const notes: string[] = [];
    const noting =
      (name: string): HandlerInterceptor =>
      (next) =>
      (message, context) => {
        notes.push(name);
        return next(message, context);
      };
    const send = () => () => expect.fail('it is not around handlers');
    const registration = wrapped([noting('function'), { send }, { handler: noting('object'), send }]);
    registration.handle({ payload: 1 } as HandlerMessage, {} as Context);
    expect(notes).to.deep.equal(['function', 'object']);
  });

  it('wrap the handlers of the application, of every plugin, and those that are added later', () => {
    const twice: HandlerInterceptor = (next) => (message, context) => (next(message, context) as number) * 2;
    const plugins = [
      plugin('a', { contributes: { handlers: [handler('of-a', () => 1)] } }),
      plugin('b', { contributes: { handlers: [handler('of-b', () => 2)], interceptors: [twice] } }),
    ];
    const { contributions } = new Trial().host(plugins, { applicationHandlers: [handler('own', () => 3)] });
    const later = contributions.adopted(handler('later', () => 4));
    const results = [...contributions.handlers, later].map(({ type, plugin, handle }) => [
      type,
      plugin,
      handle({} as HandlerMessage, {} as Context),
    ]);
    expect(results).to.deep.equal([
      ['own', undefined, 6],
      ['of-a', 'a', 2],
      ['of-b', 'b', 4],
      ['later', undefined, 8],
    ]);
    expect(contributions.handlers.every(Object.isFrozen)).to.equal(true);
  });

  it('leave a handler as it is where there are none', () => {
    const own = handler('x', () => {});
    const { contributions } = new Trial().host([plugin('p')], { applicationHandlers: [own] });
    expect(contributions.handlers[0]?.handle).to.equal(own.handle);
  });

  it('keep the contract and the options of a handler', () => {
    const own = handler('x', () => {}, { concurrency: 3 });
    const plugins = [plugin('p', { contributes: { interceptors: [(next) => next] } })];
    const { handlers } = new Trial().host(plugins, { applicationHandlers: [own] }).contributions;
    expect(handlers[0]).to.include({ type: 'x', contract: own.contract });
    expect(handlers[0]?.options).to.deep.equal(own.options);
  });

  it('are applied once per handler, and run for each message', async () => {
    let applied = 0;
    let ran = 0;
    const registration = wrapped([
      (next) => {
        applied += 1;
        return (message, context) => {
          ran += 1;
          return next(message, context);
        };
      },
    ]);
    for (const value of [1, 2, 3]) await sent(registration, value);
    expect([applied, ran]).to.deep.equal([1, 3]);
  });

  it('change what goes in and what comes out', async () => {
    const registration = wrapped([
      (next) => async (message, context) => {
        const result = await next({ ...message, payload: (message.payload as number) + 1 }, context);
        return (result as number) * 10;
      },
    ]);
    expect((await sent(registration, 1)).outcomes).to.deep.equal([['value', 20]]);
  });

  it('leave the result of a handler that answers at once where it is, without a promise', () => {
    const call = new Call(wrapped([(next) => (message, context) => next(message, context)]), {
      value: 7,
    }).run();
    expect(call.outcomes).to.deep.equal([['value', 7]]);
  });

  it('answer themselves by never calling next', async () => {
    const registration = wrapped([() => () => 'cached'], boom);
    expect((await sent(registration)).outcomes).to.deep.equal([['value', 'cached']]);
  });

  it('give the handler the context of the message itself', () => {
    const seen: unknown[] = [];
    const from = {} as Context['from'];
    const context = {
      from,
      attempt: 2,
      deadline: 5,
      log: {},
      signal: new AbortController().signal,
    } as Context;
    const { handle } = wrapped(
      [
        (next) => (message, context) => {
          seen.push({ ...context, signal: context.signal });
          return next(message, context);
        },
      ],
      (_message, context) => void seen.push(context),
    );
    handle({} as HandlerMessage, context);
    const { log, ...rest } = context;
    expect(seen[0]).to.include(rest);
    expect(seen[0]).to.have.property('log').that.is.not.equal(log);
    expect(seen[1]).to.equal(context);
  });

  it('see the services of their own plugin, and the handler those of its own', () => {
    const seen: unknown[] = [];
    const scope = { of: (owner: string | undefined) => ({ get: () => owner }) as unknown as Services };
    const context = new MessageContext(
      {
        registration: { plugin: 'of-the-handler' },
        surroundings: { from: {} as Context['from'], log: {} as Log, services: scope },
      },
      undefined,
      1,
    );
    const registration = wrapped(
      [
        (next) => (message, context) => {
          seen.push(context.services.get(token('any')));
          return next(message, context);
        },
      ],
      (_message, context) => void seen.push(context.services.get(token('any'))),
    );
    registration.handle({} as HandlerMessage, context);
    expect(seen).to.deep.equal(['p', 'of-the-handler']);
  });

  it('do not make the signal of a message before somebody reads it', () => {
    let read = 0;
    const context = {
      get signal() {
        read += 1;
        return new AbortController().signal;
      },
    } as Context;
    wrapped([(next) => (message, context) => next(message, context)], () => {}).handle(
      {} as HandlerMessage,
      context,
    );
    expect(read).to.equal(0);
  });

  describe('that call next twice', () => {
    const text = "plugin 'p': its interceptor of 'x' called next() twice for one message";
    const forms: [what: string, interceptor: HandlerInterceptor][] = [
      [
        'one after the other',
        (next) => async (message, context) => {
          await next(message, context);
          return next(message, context);
        },
      ],
      [
        'at once',
        (next) => (message, context) => {
          next(message, context);
          return next(message, context);
        },
      ],
    ];
    for (const [what, interceptor] of forms) {
      it(`${what} run the handler once, and the sender gets a fault that names the plugin`, async () => {
        let ran = 0;
        const call = await sent(wrapped([interceptor], () => ++ran));
        expect(ran).to.equal(1);
        expect(call.fault).to.include({ code: 'plugin', message: text });
        expect(call.faults.map(({ code }) => code)).to.deep.equal(['plugin']);
      });
    }

    it('can catch that, and answer with what the first call gave', async () => {
      const caught: unknown[] = [];
      const registration = wrapped([
        (next) => (message, context) => {
          const result = next(message, context);
          try {
            next(message, context);
          } catch (error) {
            caught.push(error);
          }
          return result;
        },
      ]);
      expect((await sent(registration)).outcomes).to.deep.equal([['value', 1]]);
      expect(BusError.is(caught[0], 'plugin')).to.equal(true);
    });

    it('are told apart from those that handle two messages at a time', async () => {
      const registration = wrapped([(next) => async (message, context) => next(message, context)]);
      const calls = await Promise.all([sent(registration, 1), sent(registration, 2)]);
      expect(calls.map(({ outcomes }) => outcomes)).to.deep.equal([[['value', 1]], [['value', 2]]]);
    });
  });

  describe('that pass on another context', () => {
    const text =
      "plugin 'p': its interceptor of 'x' must call next() with the message and the context that it was given";

    it('of their own, or none, cost the message', async () => {
      for (const pass of [(context: Context) => ({ ...context }), () => undefined as never]) {
        const call = await sent(wrapped([(next) => (message, context) => next(message, pass(context))]));
        expect(call.fault).to.include({ code: 'plugin', message: text });
      }
    });

    it('that another interceptor was given cost the message', async () => {
      let stolen: Context | undefined;
      const thief: HandlerInterceptor = (next) => (message, context) => {
        stolen ??= context;
        return next(message, stolen);
      };
      expect((await sent(wrapped([thief, thief]))).fault).to.include({ code: 'plugin', message: text });
    });
  });

  describe('that throw', () => {
    const text = "plugin 'p': its interceptor of 'x' failed: boom";

    it('cost their message, and the fault names the plugin', async () => {
      for (const interceptor of [() => boom, () => async () => boom()]) {
        const call = await sent(wrapped([interceptor]));
        expect(call.fault).to.include({ code: 'plugin', message: text });
        expect(call.faults[0]?.cause).to.include({ message: 'boom' });
        expect(call.faults[0]?.details).to.deep.equal({ plugin: 'p', type: 'x' });
      }
    });

    it('are named once, whatever is around them', async () => {
      const pass: HandlerInterceptor = (next) => (message, context) => next(message, context);
      const later: HandlerInterceptor = (next) => async (message, context) => next(message, context);
      expect((await sent(wrapped([pass, later, () => boom]))).fault).to.include({ message: text });
    });

    it('after next cost the message too', async () => {
      const registration = wrapped([
        (next) => async (message, context) => {
          await next(message, context);
          boom();
        },
      ]);
      expect((await sent(registration)).fault).to.include({ code: 'plugin', message: text });
    });

    it('keep an error that has a code already', async () => {
      const denied = new BusError('unauthenticated', 'not you');
      const registration = wrapped([
        () => () => {
          throw denied;
        },
      ]);
      expect((await sent(registration)).faults).to.deep.equal([denied]);
    });

    it('while they are applied make the host refuse, all at once, each with its name and once', () => {
      const nothing = () => undefined as never;
      const plugins = [
        plugin('p', { contributes: { interceptors: [boom, (next) => next, nothing] } }),
        plugin('q', { contributes: { interceptors: [{ handler: (next) => next, send: boom }] } }),
      ];
      const applicationHandlers = [handler('x', () => {}), handler('y', () => {})];
      expect(() => new Trial().host(plugins, { applicationHandlers }))
        .to.throw(BusError)
        .that.deep.includes({
          code: 'plugin',
          details: {
            problems: [
              "plugin 'p': its interceptor of 'x' gave no function",
              text,
              "plugin 'q': its interceptor of sends failed: boom",
            ],
          },
        });
    });

    it('while they are applied to a handler that is added later are told to who adds it', () => {
      const { contributions } = new Trial().host([plugin('p', { contributes: { interceptors: [boom] } })]);
      expect(() => contributions.adopted(handler('x', () => {})))
        .to.throw(BusError, text)
        .with.property('code', 'plugin');
    });
  });

  it('are not blamed for what the handler threw', async () => {
    const forms: HandlerInterceptor[] = [
      (next) => (message, context) => next(message, context),
      (next) => async (message, context) => await next(message, context),
    ];
    for (const handle of [boom, async () => boom()])
      for (const form of forms) {
        const call = await sent(wrapped([form, form], handle));
        expect(call.fault).to.include({ code: 'handler-failed', message: 'boom' });
      }
  });

  it('do not end the process when they let go of a result that fails', async () => {
    const registration = wrapped(
      [
        (next) => (message, context) => {
          next(message, context);
          return 'gone on';
        },
      ],
      async () => boom(),
    );
    expect((await sent(registration)).outcomes).to.deep.equal([['value', 'gone on']]);
  });

  it('ask a lazy thenable once', async () => {
    let asked = 0;
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: a query that runs when it is awaited
      then(resolve: (value: number) => void) {
        asked += 1;
        resolve(5);
      },
    };
    const registration = wrapped([(next) => async (message, context) => next(message, context)], () => query);
    expect((await sent(registration)).outcomes).to.deep.equal([['value', 5]]);
    expect(asked).to.equal(1);
  });

  it('wrap streams', async () => {
    const registration = wrapped(
      [
        (next) =>
          async function* (message, context) {
            for await (const item of (await next(message, context)) as AsyncIterable<number>) yield item * 2;
          },
      ],
      async function* () {
        yield* [1, 2];
      },
    );
    const call = new Call(registration, { expects: 'stream' }, { demand: new Demand(10) });
    expect((await call.run().settle()).outcomes).to.deep.equal([['item', 2], ['item', 4], 'done']);
  });
});
