import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Context, HandlerMessage, Log } from '../../lib/handler/context.js';
import { Demand } from '../../lib/handler/demand.js';
import { handler, type Registration } from '../../lib/handler/registration.js';
import type { HandlerInterceptor } from '../../lib/plugin/contributions.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Trial as Call } from '../handler/trial.js';
import { plugin, Trial } from './trial.js';

/** The application's handler 'x' with one interceptor for each plugin around it, the first outermost. */
function around(
  interceptors: Record<string, HandlerInterceptor>,
  handle: Registration['handle'] = ({ payload }) => payload,
) {
  const plugins = Object.entries(interceptors).map(([name, interceptor]) =>
    plugin(name, { contributes: { interceptors: [interceptor] } }),
  );
  const { contributions } = new Trial().host(plugins, { applicationHandlers: [handler('x', handle)] });
  return contributions.handlers[0] as Registration;
}

const pass: HandlerInterceptor = (next) => (message, context) => next(message, context);
const awaiting: HandlerInterceptor = (next) => async (message, context) => await next(message, context);
const never = () => new Promise<never>(() => {});

describe('an interceptor of handlers', () => {
  noUnhandledRejections();

  describe('that calls next() later', () => {
    /** Keeps what calls `next` once more, and how often the handler ran. */
    function trial(answer: (context: Context) => unknown, outer: HandlerInterceptor = pass) {
      const trial = { ran: 0, late: (): unknown => undefined, registration: {} as Registration };
      const late: HandlerInterceptor = (next) => (message, context) => {
        trial.late = () => next(message, context);
        return answer(context);
      };
      trial.registration = around({ outer, p: late }, () => {
        trial.ran += 1;
      });
      return trial;
    }
    const text = "plugin 'p': its interceptor of 'x' called next() after it had answered";
    const refuses = (late: () => unknown) =>
      expect(late).to.throw(BusError, text).with.property('code', 'plugin');

    const answers: [what: string, answer: () => unknown][] = [
      ['a value', () => 'queued'],
      ['nothing', () => undefined],
      ['items in a list', () => [1, 2]],
      ['a promise', async () => 'queued'],
      [
        'an error',
        () => {
          throw new BusError('overflow', 'full');
        },
      ],
      ['a promise that rejects', () => Promise.reject(new BusError('overflow', 'full'))],
      ['what cannot be encoded', () => 1n],
      ['a stream that nobody asked for', () => new Set([1])],
      ['items that say what they are as JSON', () => Object.assign(new Set([1]), { toJSON: () => 1 })],
    ];
    for (const [what, answer] of answers)
      it(`when it has answered with ${what} gets an error, and the handler does not run`, async () => {
        const whole = trial(answer);
        await new Call(whole.registration, {}).run().settle();
        refuses(() => whole.late());
        expect(whole.ran).to.equal(0);
      });

    it('gets it too while one further out still waits', async () => {
      const holding: HandlerInterceptor = (next) => async (message, context) => {
        await next(message, context);
        return never();
      };
      const whole = trial(() => 'queued', holding);
      const call = await new Call(whole.registration, {}).run().settle();
      expect(call.completed).to.equal(false);
      refuses(() => whole.late());
      expect(whole.ran).to.equal(0);
    });

    it('may do so before its stream has ended, and not after that', async () => {
      for (const ending of [false, true]) {
        const whole = trial(async function* () {
          yield 1;
          if (!ending) await never();
        });
        const call = new Call(whole.registration, { expects: 'stream' }, { demand: new Demand(9) });
        await call.run().settle();
        expect(call.outcomes).to.deep.equal(ending ? [['item', 1], 'done'] : [['item', 1]]);
        if (ending) refuses(() => whole.late());
        else whole.late();
        expect(whole.ran).to.equal(ending ? 0 : 1);
      }
    });

    it('when the signal has fired gets its reason', async () => {
      const reason = new BusError('cancelled', 'not wanted');
      const whole = trial(never);
      const call = new Call(whole.registration, {}).run();
      call.invocation.cancel(reason);
      await call.settle();
      let thrown: unknown;
      try {
        whole.late();
      } catch (error) {
        thrown = error;
      }
      expect([thrown, whole.ran]).to.deep.equal([reason, 0]);
    });
  });

  describe('that passes on another message', () => {
    const texts: [what: string, change: (message: HandlerMessage) => unknown, text: string][] = [
      [
        'of another type',
        (message) => ({ ...message, type: 'y' }),
        "passed on the type 'y': it may change payload and headers, not the type",
      ],
      [
        'with another id',
        ({ payload, type, headers }) => ({ payload, type, headers }),
        'passed on the id undefined: it may change payload and headers, not the id',
      ],
      [
        'with headers that are no texts',
        (message) => ({ ...message, headers: { n: 1 } }),
        'passed on headers that are no object of strings',
      ],
      [
        'without headers',
        ({ payload, type, id }) => ({ payload, type, id }),
        'passed on headers that are no object of strings',
      ],
      ['that is none', () => undefined, 'must call next() with a message'],
      ['that is a text', () => 'x', 'must call next() with a message'],
    ];
    for (const [what, change, text] of texts)
      it(`${what} costs it, and is named`, async () => {
        let ran = 0;
        const changing: HandlerInterceptor = (next) => (message, context) =>
          next(change(message) as HandlerMessage, context);
        const registration = around({ a: pass, p: changing, b: pass }, () => ++ran);
        const call = await new Call(registration, {}).run().settle();
        expect(call.fault).to.include({
          code: 'plugin',
          message: `plugin 'p': its interceptor of 'x' ${text}`,
        });
        expect(ran).to.equal(0);
      });

    it('may change payload and headers', async () => {
      const changing: HandlerInterceptor = (next) => (message, context) =>
        next({ ...message, payload: 2, headers: { ...message.headers, b: 'c' } }, context);
      const registration = around({ p: changing }, ({ payload, headers }) => ({ payload, headers }));
      const call = await new Call(registration, { value: 1, headers: { a: 'b' } }).run().settle();
      expect(call.outcomes).to.deep.equal([['value', { payload: 2, headers: { a: 'b', b: 'c' } }]]);
    });
  });

  describe('that hangs', () => {
    const hangs: HandlerInterceptor = () => never;
    const hangsAfter: HandlerInterceptor = (next) => async (message, context) => {
      await next(message, context);
      return never();
    };
    const reads: HandlerInterceptor = (next) =>
      async function* (message, context) {
        for await (const item of (await next(message, context)) as AsyncIterable<number>) yield item;
      };
    const hungStream = async function* () {
      yield await never();
    };
    const cases: [
      what: string,
      interceptors: Record<string, HandlerInterceptor>,
      handle: Registration['handle'],
      holder: string | undefined,
    ][] = [
      ['before next', { a: awaiting, p: hangs, b: awaiting }, () => 1, 'p'],
      ['after next', { a: awaiting, p: hangsAfter, b: awaiting }, async () => 1, 'p'],
      ['after next gave at once', { a: pass, p: hangsAfter, b: pass }, () => 1, 'p'],
      [
        'after next failed',
        { p: (next) => (m, c) => Promise.resolve(next(m, c)).catch(never) },
        () => Promise.reject(1),
        'p',
      ],
      ['in a stream of its own', { p: () => hungStream, b: pass }, () => 1, 'p'],
      ['not, but the handler does', { a: awaiting, b: pass }, never, undefined],
      ['not, but the stream of the handler does', { a: reads, b: awaiting, c: pass }, hungStream, undefined],
    ];
    for (const [what, interceptors, handle, holder] of cases)
      it(`${what}: it is the one that is told, and nobody else`, async () => {
        const expects = what.includes('stream') ? 'stream' : 'reply';
        const options = { deadline: 100, demand: new Demand(9) };
        const call = await new Call(around(interceptors, handle), { expects }, options).run().settle();
        call.clock.advance(100);
        const has = holder === undefined ? '' : `: an interceptor of plugin '${holder}' has it`;
        expect(call.fault).to.include({
          code: 'timeout',
          message: `a message of type 'x' ran out of time${has}`,
        });
        expect(call.faults[0]?.details.plugin).to.equal(holder);
        expect(call.invocation.heldBy).to.equal(holder);
      });
  });

  it('writes with the name of its plugin, and so does the handler of one', async () => {
    const trial = new Trial();
    const log: HandlerInterceptor = (next) => (message, context) => {
      context.log.warn('in between');
      return next(message, context);
    };
    const says = (_: unknown, context: Context) => context.log.warn('here');
    const { contributions } = trial.host(
      [plugin('p', { contributes: { interceptors: [log], handlers: [handler('x', says)] } })],
      { applicationHandlers: [handler('y', says)] },
    );
    const lines: string[] = [];
    for (const registration of contributions.handlers) {
      const call = new Call(registration, {});
      Object.assign(call.log, { warn: (text: string) => lines.push(text) } satisfies Partial<Log>);
      await call.run().settle();
    }
    expect(lines, 'of the application').to.deep.equal(['here']);
    expect(trial.lines).to.deep.equal([
      "plugin 'p': in between",
      "plugin 'p': in between",
      "plugin 'p': here",
    ]);
  });
});
