import { expect } from 'chai';
import {
  concatWith,
  EMPTY,
  from,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  throwError,
  toArray,
} from 'rxjs';
import { BusError } from '../../lib/errors/bus-error.js';
import type { SendContext, SendFunction, SendMessage, VerbName } from '../../lib/handler/verbs.js';
import type { SendInterceptor } from '../../lib/plugin/contributions.js';
import { heldBy, interceptedSend } from '../../lib/plugin/send-interception.js';
import { noUnhandledRejections } from '../handler/rejections.js';

const log: SendContext['log'] = { debug() {}, info() {}, warn() {}, error() {} };
const message: SendMessage = { payload: 1, type: 'x', headers: { a: 'b' } };
const contextOf = (verb: VerbName): SendContext => ({ verb, target: 'w1', options: { timeoutMs: 5 }, log });
const sent = { queued: 1, dropped: 0 };

/** What each verb gives where nothing goes wrong. */
const results: Readonly<Record<VerbName, () => unknown>> = {
  publish: () => sent,
  send: async () => {},
  request: async () => 'reply',
  stream: () => of(1, 2, 3),
};
const verbs = Object.keys(results) as VerbName[];

/** The interceptors of plugin `p`, or of the plugins named, around what gives the result of its verb. */
const around = (
  interceptors: SendInterceptor[] | Record<string, SendInterceptor>,
  send: SendFunction = (_message, { verb }) => results[verb](),
): SendFunction =>
  interceptedSend(
    send,
    Array.isArray(interceptors)
      ? interceptors.map((intercept) => ({ plugin: 'p', intercept }))
      : Object.entries(interceptors).map(([plugin, intercept]) => ({ plugin, intercept })),
  );

/** What a call comes to: its value, the items of its stream, or what it failed with. */
async function fate(
  verb: VerbName,
  interceptor: SendInterceptor | SendInterceptor[],
  send?: SendFunction,
): Promise<unknown> {
  try {
    const result = around([interceptor].flat(), send)(message, contextOf(verb));
    return await (verb === 'stream' ? lastValueFrom(from(result as never).pipe(toArray())) : result);
  } catch (thrown) {
    return thrown;
  }
}

const boom = () => {
  throw new Error('boom');
};
const pass: SendInterceptor = (next) => (message, context) => next(message, context);

describe('interceptors of sends', () => {
  noUnhandledRejections();

  it('leave the function as it is where there are none', () => {
    expect(interceptedSend(boom, [])).to.equal(boom);
  });

  it('nest: the first is the outermost', () => {
    const notes: string[] = [];
    const noting =
      (name: string): SendInterceptor =>
      (next) =>
      (message, context) => {
        notes.push(`into ${name}`);
        const result = next(message, context);
        notes.push(`out of ${name}`);
        return result;
      };
    around([noting('1'), noting('2')])(message, contextOf('publish'));
    expect(notes).to.deep.equal(['into 1', 'into 2', 'out of 2', 'out of 1']);
  });

  it('are applied once, and act once per call', async () => {
    const notes: string[] = [];
    const send = around([
      (next) => {
        notes.push('applied');
        return (message, context) => {
          notes.push(context.verb);
          return next(message, context);
        };
      },
    ]);
    for (const verb of verbs) send(message, contextOf(verb));
    expect(notes).to.deep.equal(['applied', ...verbs]);
  });

  it('see verb, target, options and log, and the bus gets the context that went in', () => {
    const seen: SendContext[] = [];
    const context = contextOf('publish');
    around(
      [
        (next) => (message, context) => {
          seen.push({ ...context });
          return next(message, context);
        },
      ],
      (_message, context) => {
        seen.push(context);
        return sent;
      },
    )(message, context);
    expect(seen[0]).to.deep.equal({ verb: 'publish', target: 'w1', options: { timeoutMs: 5 }, log });
    expect(seen[1]).to.equal(context);
  });

  it('change payload and headers, and what comes out', async () => {
    const changed: unknown[] = [];
    const interceptor: SendInterceptor = (next) => async (message, context) => {
      const reply = await next({ ...message, payload: 2, headers: { c: 'd' } }, context);
      return `${reply}!`;
    };
    const send: SendFunction = async (message) => {
      changed.push(message);
      return 'reply';
    };
    expect(await fate('request', interceptor, send)).to.equal('reply!');
    expect(changed).to.deep.equal([{ payload: 2, type: 'x', headers: { c: 'd' } }]);
    const doubling: SendInterceptor = (next) => (message, context) =>
      (next(message, context) as typeof NEVER).pipe(map((n: number) => n * 2));
    expect(await fate('stream', doubling)).to.deep.equal([2, 4, 6]);
  });

  it('answer themselves by never calling next', async () => {
    expect(await fate('publish', () => () => ({ queued: 0, dropped: 2 }), boom)).to.deep.equal({
      queued: 0,
      dropped: 2,
    });
    for (const verb of ['send', 'request'] as const) {
      expect(await fate(verb, () => () => 'cached', boom)).to.equal('cached');
      expect(await fate(verb, () => async () => 'cached', boom)).to.equal('cached');
    }
    expect(await fate('stream', () => () => of('cached'), boom)).to.deep.equal(['cached']);
  });

  it('give a stream by anything that can be subscribed to', async () => {
    const foreign = {
      subscribe(observer: { next(item: number): void; complete(): void }) {
        observer.next(7);
        observer.complete();
        return { unsubscribe() {} };
      },
    };
    expect(await fate('stream', () => () => foreign)).to.deep.equal([7]);
  });

  const texts: [what: string, verb: VerbName, interceptor: SendInterceptor, text: string][] = [
    [
      'call next twice',
      'request',
      (next) => async (message, context) => {
        await next(message, context);
        return next(message, context);
      },
      "its interceptor of the request 'x' called next() twice for one message",
    ],
    [
      'pass on a copy of the context',
      'send',
      (next) => (message, context) => next(message, { ...context }),
      'its interceptor of sends must call next() with the message and the context that it was given',
    ],
    [
      'pass on no context',
      'publish',
      (next) => (message) => next(message, undefined as never),
      'its interceptor of sends must call next() with the message and the context that it was given',
    ],
    [
      'pass on no message',
      'publish',
      (next) => (_message, context) => next(undefined as never, context),
      "its interceptor of the publish 'x' must call next() with a message",
    ],
    [
      'change the type',
      'request',
      (next) => (message, context) => next({ ...message, type: 'y' }, context),
      "its interceptor of the request 'x' passed on the type 'y': it may change payload and headers, not the type",
    ],
    [
      'leave out the headers',
      'send',
      (next) => (message, context) => next({ ...message, headers: undefined as never }, context),
      "its interceptor of the send 'x' passed on headers that are no object of strings",
    ],
    [
      'set a header that is no string',
      'stream',
      (next) => (message, context) => next({ ...message, headers: { n: 1 as never } }, context),
      "its interceptor of the stream 'x' passed on headers that are no object of strings",
    ],
    [
      'are asynchronous around a publish',
      'publish',
      (next) => async (message, context) => next(message, context),
      "its interceptor of the publish 'x' gave a promise: a publish never waits",
    ],
    [
      'reject around a publish',
      'publish',
      () => async () => boom(),
      "its interceptor of the publish 'x' gave a promise: a publish never waits",
    ],
    [
      'give nothing for a publish',
      'publish',
      () => () => {},
      "its interceptor of the publish 'x' must give { queued, dropped }, both numbers of messages",
    ],
    [
      'count a publish in something else than messages',
      'publish',
      () => () => ({ queued: -1, dropped: 0.5 }),
      "its interceptor of the publish 'x' must give { queued, dropped }, both numbers of messages",
    ],
    [
      'are asynchronous around a stream',
      'stream',
      (next) => async (message, context) => next(message, context),
      "its interceptor of the stream 'x' gave a promise: wait inside of what it gives, which has subscribe()",
    ],
    [
      'give a stream that cannot be subscribed to',
      'stream',
      () => () => [1, 2],
      "its interceptor of the stream 'x' must give something with subscribe()",
    ],
  ];
  for (const [what, verb, interceptor, text] of texts)
    it(`that ${what} cost the call, and are named`, async () => {
      for (const layers of [interceptor, [pass, interceptor], [interceptor, pass]])
        expect(await fate(verb, layers)).to.include({ code: 'plugin', message: `plugin 'p': ${text}` });
    });

  it('may pass on headers that the caller gave wrong: that is told when they are encoded', () => {
    const wrong = { ...message, headers: { n: 1 as never } };
    expect(around([pass])(wrong, contextOf('publish'))).to.equal(sent);
  });

  it('cannot pass on a call that they have answered', async () => {
    const late: unknown[] = [];
    let again: (() => void) | undefined;
    const interceptor: SendInterceptor = (next) => (message, context) => {
      again = () => {
        try {
          next(message, context);
        } catch (error) {
          late.push(error);
        }
      };
      return results[context.verb]();
    };
    for (const verb of verbs) {
      await fate(verb, interceptor, () => late.push('it went on'));
      again?.();
    }
    expect(late.map((error) => (error as BusError).message)).to.deep.equal(
      verbs.map(
        (verb) => `plugin 'p': its interceptor of the ${verb} 'x' called next() after it had answered`,
      ),
    );
  });

  it('may pass on a stream when it is subscribed to', async () => {
    const waiting: SendInterceptor = (next) => (message, context) =>
      new Observable((subscriber) => {
        Promise.resolve().then(() => (next(message, context) as typeof NEVER).subscribe(subscriber));
      });
    expect(await fate('stream', waiting)).to.deep.equal([1, 2, 3]);
  });

  describe('that throw', () => {
    for (const verb of verbs)
      it(`cost the ${verb}, whose error names plugin, type and verb`, async () => {
        const forms =
          verb === 'send' || verb === 'request' ? [() => boom, () => async () => boom()] : [() => boom];
        for (const form of forms) {
          const error = (await fate(verb, [pass, form, pass])) as BusError;
          expect(error).to.include({
            code: 'plugin',
            message: `plugin 'p': its interceptor of the ${verb} 'x' failed: boom`,
          });
          expect(error.details).to.deep.equal({ plugin: 'p', type: 'x', verb });
          expect(error.cause).to.include({ message: 'boom' });
        }
      });

    it('while their stream is read cost it too', async () => {
      const breaking: SendInterceptor = (next) => (message, context) =>
        (next(message, context) as typeof NEVER).pipe(map(boom));
      expect(await fate('stream', [pass, breaking, pass])).to.include({
        code: 'plugin',
        message: "plugin 'p': its interceptor of the stream 'x' failed: boom",
      });
    });

    it('keep an error that has a code already', async () => {
      const denied = new BusError('unauthenticated', 'not you');
      const deny = () => {
        throw denied;
      };
      for (const verb of verbs) expect(await fate(verb, [pass, () => deny])).to.equal(denied);
      expect(await fate('stream', [pass, () => () => throwError(() => denied)])).to.equal(denied);
    });

    it('while they are applied are named', () => {
      expect(() => around([boom])).to.throw(BusError, "plugin 'p': its interceptor of sends failed: boom");
      expect(() => around([() => undefined as never]))
        .to.throw(BusError, "plugin 'p': its interceptor of sends gave no function")
        .with.property('code', 'plugin');
    });
  });

  it('are not blamed for what comes from further in', async () => {
    const lost = new BusError('peer-lost', 'gone');
    const waiting: SendInterceptor = (next) => async (message, context) => await next(message, context);
    for (const verb of verbs) {
      const send: SendFunction = () => {
        if (verb === 'publish') throw lost;
        return verb === 'stream' ? throwError(() => lost) : Promise.reject(lost);
      };
      expect(await fate(verb, [pass, pass], send)).to.equal(lost);
      if (verb === 'send' || verb === 'request')
        expect(await fate(verb, [waiting, pass, waiting], send)).to.equal(lost);
    }
  });

  it('do not end the process when they let go of a call that fails', async () => {
    const letGo: SendInterceptor = (next) => (message, context) => {
      next(message, context);
      return 'gone on';
    };
    expect(await fate('request', letGo, async () => boom())).to.equal('gone on');
  });

  describe('that have a call', () => {
    const context = contextOf('request');
    /** Gives what it is told to, when it is told to. */
    function gate() {
      let open: (value?: unknown) => void = () => {};
      const opened = new Promise<unknown>((resolve) => {
        open = resolve;
      });
      return { open, opened };
    }
    const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

    it('are known by name, from the outermost in and back', async () => {
      const [before, inside, after] = [gate(), gate(), gate()];
      const send = around(
        {
          outer: (next) => async (message, context) => {
            await next(message, context);
            await after.opened;
          },
          inner: (next) => async (message, context) => {
            await before.opened;
            return next(message, context);
          },
        },
        () => inside.opened,
      );
      const result = send(message, context);
      const seen = [heldBy(context)];
      for (const { open } of [before, inside, after]) {
        open();
        await settled();
        seen.push(heldBy(context));
      }
      await result;
      expect(seen).to.deep.equal(['inner', 'inner', 'outer', undefined]);
    });

    it('are not those that have answered without waiting for what is further in', () => {
      const context = contextOf('request');
      const send = around({
        outer: (next) => (message, context) => {
          next(message, context);
          return new Promise(() => {});
        },
        quick: (next) => (message, context) => {
          next(message, context);
          return 'cached';
        },
        inner: () => () => new Promise(() => {}),
      });
      send(message, context);
      expect(heldBy(context)).to.equal('outer');
    });

    it('are those whose stream goes on', () => {
      const context = contextOf('stream');
      const send = around(
        {
          outer: (next) => (message, context) =>
            (next(message, context) as typeof NEVER).pipe(concatWith(NEVER)),
          inner: pass,
        },
        () => EMPTY,
      );
      const subscription = (send(message, context) as typeof NEVER).subscribe();
      expect(heldBy(context)).to.equal('outer');
      subscription.unsubscribe();
      expect(heldBy(context)).to.equal(undefined);
    });
  });
});
