import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import {
  finalize,
  type Observable as Items,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  take,
  tap,
  toArray,
} from 'rxjs';
import { BusError } from '../../lib/errors/bus-error.js';
import {
  all,
  any,
  definePlugin,
  handler,
  type Interceptor,
  type Log,
  type Plugin,
  type SendContext,
  type SendInterceptor,
  type SendMessage,
  type Target,
} from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, silent, watched } from './bus.js';

const plugin = (name: string, ...interceptors: Interceptor[]): Plugin =>
  definePlugin({
    manifest: { name, version: '1.0.0', engines: { drumline: '*' } },
    contributes: { interceptors },
  });

const sends = (...interceptors: SendInterceptor[]): Plugin =>
  plugin('p', ...interceptors.map((send) => ({ send })));

interface Options {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is noted of each call. */
interface Seen {
  readonly message: SendMessage;
  readonly context: SendContext;
}

describe('headers that are none', () => {
  noUnhandledRejections();

  it('are told to the caller, with interceptors as without', async () => {
    for (const plugins of [[], [sends((next) => (message, context) => next(message, context))]]) {
      const bus = await Bus.of({ plugins }, { id: 'w1', handlers: [handler('x', ({ headers }) => headers)] });
      const ask = (headers: unknown) =>
        bus.settled(bus.hub.request('w1', 'x', 1, { headers } as Options).catch((error) => error));
      for (const wrong of ['abc', 42, null, [], new Map([['a', 'b']]), { a: 1 }])
        expect(await ask(wrong), String(wrong)).to.have.property('code', 'unserialisable');
      for (const right of [{ a: 'b' }, {}]) expect(await ask(right)).to.deep.equal(right);
      expect(await ask(undefined)).to.deep.equal({});
      await bus.close();
    }
  });
});

const noting =
  (seen: Seen[]): SendInterceptor =>
  (next) =>
  (message, context) => {
    seen.push({ message, context: { ...context } });
    return next(message, context);
  };

const hang: SendInterceptor = () => (_message, context) =>
  context.verb === 'stream' ? NEVER : new Promise(() => {});

const handlers = () => {
  const payloads: unknown[] = [];
  return {
    payloads,
    list: [
      handler('echo', ({ payload, headers }) => {
        payloads.push(payload);
        return { payload, headers };
      }),
      handler('count', function* ({ payload }) {
        for (let n = 0; n < (payload as number); n++) yield n;
      }),
      handler('wait', () => new Promise(() => {})),
      handler('endless', (_message, { signal }) => new Observable(() => void signal)),
    ],
  };
};

for (const side of ['hub', 'worker'] as const)
  describe(`what a ${side} sends through interceptors`, () => {
    noUnhandledRejections();

    let bus: Bus;
    let there = handlers();
    /** The bus, the sender having these plugins, and the other side the handlers. */
    async function between(plugins: Plugin | Plugin[], log: Log = silent): Promise<void> {
      there = handlers();
      const here = { plugins: [plugins].flat(), log };
      const other = { handlers: there.list };
      const limits = { maxPayloadBytes: 4 * 1024 * 1024 };
      const hub = { limits, ...(side === 'hub' ? here : other) };
      bus = await Bus.of(hub, { id: 'w1', ...(side === 'hub' ? other : here) });
    }
    const worker = () => bus.workers[0] ?? expect.fail();
    const sender = () => (side === 'hub' ? bus.hub : worker());
    const call = {
      publish: (type: string, payload: unknown, options?: Options) =>
        side === 'hub'
          ? bus.hub.publish('w1', type, payload, options)
          : worker().publish(type, payload, options),
      send: (type: string, payload: unknown, options?: Options) =>
        side === 'hub' ? bus.hub.send('w1', type, payload, options) : worker().send(type, payload, options),
      request: (type: string, payload: unknown, options?: Options) =>
        side === 'hub'
          ? bus.hub.request('w1', type, payload, options)
          : worker().request(type, payload, options),
      stream: (type: string, payload: unknown, options?: Options) =>
        side === 'hub'
          ? bus.hub.stream('w1', type, payload, options)
          : worker().stream(type, payload, options),
    };
    const items = (items$: Items<unknown>) => bus.settled(lastValueFrom(items$.pipe(toArray())));

    afterEach(() => bus.close());

    it('is seen with its verb, target, options, message and headers', async () => {
      const seen: Seen[] = [];
      await between(sends(noting(seen)));
      call.publish('echo', 1);
      await bus.settled(call.send('echo', 2, { headers: { a: 'b' } }));
      await bus.settled(call.request('echo', 3, { timeoutMs: 50 }));
      await items(call.stream('count', 4));
      const target = side === 'hub' ? 'w1' : 'hub';
      expect(seen.map(({ message }) => message)).to.deep.equal([
        { payload: 1, type: 'echo', headers: {} },
        { payload: 2, type: 'echo', headers: { a: 'b' } },
        { payload: 3, type: 'echo', headers: {} },
        { payload: 4, type: 'count', headers: {} },
      ]);
      expect(seen.map(({ context: { log, ...context } }) => context)).to.deep.equal([
        { verb: 'publish', target, options: {} },
        { verb: 'send', target, options: {} },
        { verb: 'request', target, options: { timeoutMs: 50 } },
        { verb: 'stream', target, options: {} },
      ]);
    });

    it('goes out as they change it, and comes back as they change it', async () => {
      const adding: SendInterceptor = (next) => (message, context) => {
        const headers = { ...message.headers, trace: 't' };
        const result = next({ ...message, payload: (message.payload as number) + 1, headers }, context);
        if (context.verb === 'stream') return (result as Items<number>).pipe(map((n) => n * 10));
        return context.verb === 'request' ? (result as Promise<object>).then((reply) => ({ reply })) : result;
      };
      await between(sends(adding));
      expect(call.publish('echo', 1)).to.deep.equal({ queued: 1, dropped: 0 });
      expect(await bus.settled(call.send('echo', 2))).to.equal(undefined);
      expect(await bus.settled(call.request('echo', 3, { headers: { a: 'b' } }))).to.deep.equal({
        reply: { payload: 4, headers: { a: 'b', trace: 't' } },
      });
      expect(await items(call.stream('count', 2))).to.deep.equal([0, 10, 20]);
      expect(there.payloads).to.deep.equal([2, 3, 4]);
    });

    it('cannot be changed in place: the headers are those of the caller', async () => {
      const changing: SendInterceptor = (next) => (message, context) => {
        (message.headers as Record<string, string>).trace = 't';
        return next(message, context);
      };
      await between(sends(changing));
      const headers = { a: 'b' };
      const error = await rejection(bus.settled(call.request('echo', 1, { headers })), 'plugin');
      expect(error.message).to.match(/^plugin 'p': its interceptor of the request 'echo' failed: Cannot add/);
      expect(headers).to.deep.equal({ a: 'b' });
    });

    it('is answered by one that never calls next', async () => {
      const answers: Record<string, unknown> = {
        publish: { queued: 0, dropped: 9 },
        send: 'ignored',
        request: 'cached',
        stream: of('cached'),
      };
      await between(
        sends(
          () =>
            (_message, { verb }) =>
              answers[verb],
        ),
      );
      expect(call.publish('echo', 1)).to.deep.equal({ queued: 0, dropped: 9 });
      expect(await bus.settled(call.send('echo', 1))).to.equal(undefined);
      expect(await bus.settled(call.request('echo', 1))).to.equal('cached');
      expect(await items(call.stream('count', 1))).to.deep.equal(['cached']);
      expect(there.payloads).to.deep.equal([]);
    });

    it('passes them once per subscription to a stream', async () => {
      const seen: Seen[] = [];
      await between(sends(noting(seen)));
      const items$ = call.stream('count', 2);
      expect(seen).to.have.lengthOf(0);
      await items(items$);
      await items(items$);
      expect(seen).to.have.lengthOf(2);
    });

    it('passes them in dependency order, those around handlers not among them', async () => {
      const notes: string[] = [];
      const note =
        (name: string): SendInterceptor =>
        (next) =>
        (message, context) => {
          notes.push(name);
          return next(message, context);
        };
      const around = plugin('around-handlers', () => () => expect.fail());
      await between([
        plugin('b', { send: note('b') }),
        around,
        plugin('a', { send: note('a1') }, { send: note('a2') }),
      ]);
      call.publish('echo', 1);
      expect(notes).to.deep.equal(['b', 'a1', 'a2']);
    });

    it('fails as the bus says, and they see it', async () => {
      const codes: string[] = [];
      const catching: SendInterceptor = (next) => (message, context) => {
        const note = (thrown: unknown) => {
          codes.push(`${context.verb} ${BusError.is(thrown) ? thrown.code : thrown}`);
          throw thrown;
        };
        try {
          const result = next(message, context);
          return context.verb === 'publish' || context.verb === 'stream'
            ? result
            : (result as Promise<unknown>).catch(note);
        } catch (thrown) {
          return note(thrown);
        }
      };
      await between(sends(catching));
      const cycle: unknown[] = [];
      cycle.push(cycle);
      for (const [payload, code] of [
        [cycle, 'unserialisable'],
        ['x'.repeat(5 * 1024 * 1024), 'too-large'],
      ] as const) {
        expect(() => call.publish('echo', payload))
          .to.throw(BusError)
          .with.property('code', code);
        await rejection(bus.settled(call.send('echo', payload)), code);
        await rejection(items(call.stream('count', payload)) as Promise<never>, code);
      }
      await rejection(bus.settled(call.request('nobody', 1)), 'unhandled');
      expect(codes).to.deep.equal([
        'publish unserialisable',
        'send unserialisable',
        'publish too-large',
        'send too-large',
        'request unhandled',
      ]);
    });

    it('never reaches them with an option or a type that makes no sense, nor once it is closed', async () => {
      const seen: Seen[] = [];
      await between(sends(noting(seen)));
      await rejection(bus.settled(call.request('echo', 1, { timeoutMs: -1 })), 'invalid-option');
      await rejection(bus.settled(call.request('', 1)), 'invalid-option');
      await rejection(items(call.stream('', 1)) as Promise<never>, 'invalid-option');
      expect(() => call.publish('', 1)).to.throw(BusError, 'a message is named by a contract or by a string');
      await rejection(bus.settled(call.send('echo', 1, { signal: AbortSignal.abort() })), 'cancelled');
      await bus.settled(sender().close());
      await rejection(call.request('echo', 1), 'closed');
      await rejection(items(call.stream('count', 1)) as Promise<never>, 'closed');
      expect(() => call.publish('echo', 1))
        .to.throw(BusError)
        .with.property('code', 'closed');
      expect(seen).to.deep.equal([]);
    });

    it('reads no more of a stream of theirs than is wanted', async () => {
      let given = 0;
      const many = range(0, 10_000).pipe(tap(() => void given++));
      await between(sends(() => () => many));
      expect(await items(call.stream('count', 1).pipe(take(2)))).to.deep.equal([0, 1]);
      expect(given).to.be.within(2, 3);
    });

    it('leaves no timer and no listener behind', async () => {
      await between(sends((next) => (message, context) => next(message, context)));
      const { signal } = new AbortController();
      const { pending } = bus.clock;
      await bus.settled(call.request('echo', 1, { signal }));
      await items(call.stream('count', 1, { signal }));
      call.stream('endless', 1, { signal }).subscribe().unsubscribe();
      expect(bus.clock.pending).to.equal(pending);
      expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    });

    describe('of which one hangs', () => {
      it('rejects on time, and the error names the plugin', async () => {
        await between(sends(hang));
        const calls = [
          watched(call.send('echo', 1, { timeoutMs: 1_000 })),
          watched(call.request('echo', 1, { timeoutMs: 1_000 })),
          watched(lastValueFrom(call.stream('count', 1, { timeoutMs: 1_000 }))),
        ];
        await bus.clock.advance(999);
        expect(calls.map(({ done }) => done)).to.deep.equal([false, false, false]);
        await bus.clock.advance(1);
        for (const [at, type] of ['echo', 'echo', 'count'].entries()) {
          const error = calls[at]?.error;
          expect(error).to.include({
            code: 'timeout',
            message: `'${type}' was not done within 1000 ms: an interceptor of plugin 'p' has it`,
          });
          expect(error?.details).to.deep.equal({ type, timeoutMs: 1_000, plugin: 'p', delivery: 'not-sent' });
        }
      });

      it('takes 30,000 ms unless the caller says otherwise', async () => {
        await between(sends(hang));
        const waiting = watched(call.request('echo', 1));
        await bus.clock.advance(29_999);
        expect(waiting.done).to.equal(false);
        await bus.clock.advance(1);
        expect(waiting.error).to.include({
          message: "'echo' was not done within 30000 ms: an interceptor of plugin 'p' has it",
        });
      });

      it('after the reply says that the message may have been handled', async () => {
        const keep: SendInterceptor = (next) => async (message, context) => {
          await next(message, context);
          return new Promise(() => {});
        };
        await between(sends(keep));
        const waiting = watched(call.request('echo', 1, { timeoutMs: 1_000 }));
        await bus.clock.advance(1_000);
        expect(waiting.error?.details).to.include({ plugin: 'p', delivery: 'unknown' });
      });

      it('rejects when its caller cancels it', async () => {
        await between(sends(hang));
        const given = new AbortController();
        const request = watched(call.request('echo', 1, { signal: given.signal }));
        const stream = watched(lastValueFrom(call.stream('count', 1, { signal: given.signal })));
        await bus.clock.settle();
        given.abort(new Error('changed my mind'));
        await bus.clock.settle();
        for (const [{ error }, type] of [
          [request, 'echo'],
          [stream, 'count'],
        ] as const) {
          expect(error).to.include({
            code: 'cancelled',
            message: `the caller cancelled '${type}': an interceptor of plugin 'p' has it`,
          });
          expect(error?.cause).to.include({ message: 'changed my mind' });
        }
      });

      it('rejects when the sender closes', async () => {
        await between(sends(hang));
        const waiting = [watched(call.request('echo', 1)), watched(lastValueFrom(call.stream('count', 1)))];
        await bus.settled(sender().close());
        expect(waiting.map(({ error }) => error?.code)).to.deep.equal(['closed', 'closed']);
      });

      it('is waited for by a drain', async () => {
        let answer: (value: string) => void = () => {};
        await between(
          sends(
            () => () =>
              new Promise<string>((resolve) => {
                answer = resolve;
              }),
          ),
        );
        const waiting = watched(call.request('echo', 1));
        const drained = watched(sender().drain());
        await bus.clock.advance(1_000);
        expect(drained.done).to.equal(false);
        answer('late');
        await bus.clock.advance(100);
        expect([waiting.value, drained.done, drained.error]).to.deep.equal(['late', true, undefined]);
      });

      it('passes nothing on when it is too late', async () => {
        let go: () => void = () => {};
        const late: unknown[] = [];
        const holding: SendInterceptor = (next) => async (message, context) => {
          await new Promise<void>((resolve) => {
            go = resolve;
          });
          return (next(message, context) as Promise<unknown>).catch((thrown) => {
            late.push((thrown as BusError).code);
            throw thrown;
          });
        };
        await between(sends(holding));
        watched(call.request('echo', 'timeout', { timeoutMs: 10 }));
        await bus.clock.advance(10);
        go();
        await bus.clock.settle();
        const given = new AbortController();
        watched(call.request('echo', 'cancelled', { signal: given.signal }));
        await bus.clock.settle();
        given.abort();
        go();
        await bus.clock.settle();
        watched(call.request('echo', 'closed'));
        await bus.clock.settle();
        await bus.settled(sender().close());
        go();
        await bus.clock.settle();
        expect(late).to.deep.equal(['timeout', 'cancelled', 'closed']);
        expect(there.payloads).to.deep.equal([]);
      });
    });

    describe('that the bus has', () => {
      const pass: SendInterceptor = (next) => (message, context) => next(message, context);

      it('runs out of time as without them', async () => {
        await between(sends(pass));
        const request = watched(call.request('wait', 1, { timeoutMs: 1_000 }));
        const stream = watched(lastValueFrom(call.stream('endless', 1, { timeoutMs: 1_000 })));
        await bus.clock.advance(1_000);
        const peer = side === 'hub' ? "worker 'w1'" : 'the hub';
        expect(request.error?.message).to.equal(`'wait' to ${peer} was not done within 1000 ms`);
        expect(stream.error?.message).to.equal(`'endless' to ${peer} was not done within 1000 ms`);
      });

      it('has as much time as interceptors have left of it', async () => {
        const slow: SendInterceptor = (next) => async (message, context) => {
          await new Promise<void>((resolve) => bus.clock.after(600, resolve));
          return next(message, context);
        };
        await between(sends(slow));
        const waiting = watched(call.request('wait', 1, { timeoutMs: 1_000 }));
        await bus.clock.advance(999);
        expect(waiting.done).to.equal(false);
        await bus.clock.advance(1);
        expect(waiting.error?.code).to.equal('timeout');
      });

      it('can be given another answer by one that sees it fail', async () => {
        const fallback: SendInterceptor = (next) => async (message, context) => {
          try {
            return await next(message, context);
          } catch (error) {
            return (error as BusError).code;
          }
        };
        await between(sends(pass, fallback));
        const given = new AbortController();
        const late = watched(call.request('wait', 1, { timeoutMs: 1_000 }));
        const cancelled = watched(call.request('wait', 1, { signal: given.signal }));
        await bus.clock.advance(1_000);
        given.abort();
        await bus.clock.settle();
        expect([late.value, cancelled.value]).to.deep.equal(['timeout', 'cancelled']);
      });

      it('ends when the sender closes, whatever they do then', async () => {
        const keep: SendInterceptor = (next) => (message, context) =>
          (next(message, context) as Promise<unknown>).catch((thrown) => {
            if (message.payload === 'keep') return new Promise(() => {});
            throw thrown;
          });
        await between(sends(pass, keep));
        const waiting = [watched(call.request('wait', 'pass')), watched(call.request('wait', 'keep'))];
        await bus.clock.settle();
        await bus.settled(sender().close());
        await bus.clock.settle();
        expect(waiting.map(({ error }) => error?.code)).to.deep.equal(['closed', 'closed']);
      });

      it('is taken from one that keeps its failure', async () => {
        const keep: SendInterceptor = (next) => (message, context) =>
          (next(message, context) as Promise<unknown>).catch(() => new Promise(() => {}));
        await between(sends(keep));
        const waiting = watched(call.request('wait', 1, { timeoutMs: 1_000 }));
        await bus.clock.advance(1_000);
        expect(waiting.error).to.include({
          message: "'wait' was not done within 1000 ms: an interceptor of plugin 'p' has it",
        });
      });

      it('is not hurt by what throws as its stream ends', async () => {
        const forms: ((items$: Items<unknown>) => Items<unknown>)[] = [
          (items$) =>
            items$.pipe(
              finalize(() => {
                throw new Error('boom');
              }),
            ),
          (items$) =>
            new Observable((subscriber) => {
              const complete = () => subscriber.complete();
              const next = (item: unknown) => {
                subscriber.next(item);
                throw new Error('boom');
              };
              return items$.subscribe({ next, complete });
            }),
        ];
        let form = forms[0];
        const lines: string[] = [];
        const breaking: SendInterceptor = (next) => (message, context) =>
          form?.(next(message, context) as Items<unknown>);
        await between([sends(breaking)], { ...silent, error: (text: string) => void lines.push(text) });
        for (form of forms) {
          expect(await items(call.stream('count', 200))).to.have.lengthOf(200);
          const subscription = call.stream('endless', 1).subscribe();
          await bus.clock.settle();
          subscription.unsubscribe();
          expect(await items(call.stream('count', 2))).to.deep.equal([0, 1]);
          expect(lines.splice(0).some((line) => line.includes('boom'))).to.equal(true);
        }
        expect(bus.happened()).to.deep.equal(['joined w1']);
      });

      it('stops its handler when a stream is unsubscribed', async () => {
        await between(sends(pass));
        let stopped: unknown;
        const other = side === 'hub' ? worker() : bus.hub;
        other.handle('tail', (_message, { signal }) => {
          signal.addEventListener('abort', () => {
            stopped = signal.reason;
          });
          return new Observable(() => {});
        });
        await bus.clock.settle();
        const subscription = call.stream('tail', 1).subscribe();
        await bus.clock.settle();
        subscription.unsubscribe();
        await bus.clock.settle();
        expect(stopped).to.include({ code: 'cancelled' });
      });
    });
  });

describe('what a hub sends to others than one worker', () => {
  noUnhandledRejections();

  const echo = handler('echo', ({ payload }) => payload);

  it('passes interceptors once, with the target as the caller gave it', async () => {
    const seen: Seen[] = [];
    const bus = await Bus.of(
      { plugins: [sends(noting(seen))] },
      { id: 'w1', handlers: [echo] },
      { id: 'w2', handlers: [echo] },
    );
    const targets: Target[] = [all(), any(), any({ gpu: 'no' })];
    expect(bus.hub.publish(all(), 'echo', 1)).to.deep.equal({ queued: 2, dropped: 0 });
    expect(await bus.settled(bus.hub.request(any(), 'echo', 2))).to.equal(2);
    expect(bus.hub.publish(any({ gpu: 'no' }), 'echo', 3)).to.deep.equal({ queued: 0, dropped: 1 });
    expect(seen.map(({ context }) => context.target)).to.deep.equal(targets);
    await bus.close();
  });

  it('passes them once when any() tries it on another worker', async () => {
    const seen: Seen[] = [];
    const tried: string[] = [];
    const slowFirst = (id: string) =>
      handler('echo', ({ payload }, { attempt }) => {
        tried.push(id);
        return attempt > 1 ? payload : new Promise(() => {});
      });
    const bus = await Bus.of(
      { plugins: [sends(noting(seen))] },
      { id: 'w1', handlers: [slowFirst('w1')] },
      { id: 'w2', handlers: [slowFirst('w2')] },
    );
    const waiting = watched(bus.hub.request(any(), 'echo', 'moved'));
    await bus.clock.settle();
    void (bus.workers.find(({ id }) => id === tried[0]) ?? expect.fail()).close();
    await bus.clock.settle();
    expect(new Set(tried).size).to.equal(2);
    expect([waiting.value, seen.length]).to.deep.equal(['moved', 1]);
    await bus.close();
  });

  it('that nobody is there for fails through them', async () => {
    const codes: unknown[] = [];
    const catching: SendInterceptor = (next) => (message, context) =>
      (next(message, context) as Promise<unknown>).catch((error) => {
        codes.push((error as BusError).code);
        throw error;
      });
    const bus = await Bus.of({ plugins: [sends(catching)] });
    await rejection(bus.settled(bus.hub.request('nobody', 'echo', 1)), 'unknown-worker');
    const waiting = watched(bus.hub.request(any(), 'echo', 1, { timeoutMs: 500 }));
    await bus.clock.advance(500);
    expect(waiting.error?.code).to.equal('no-worker');
    expect(codes).to.deep.equal(['unknown-worker', 'no-worker']);
    await bus.close();
  });
});
