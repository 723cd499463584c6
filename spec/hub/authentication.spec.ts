import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import {
  type Authenticate,
  createHub,
  definePlugin,
  type HandshakeMiddleware,
  type HubOptions,
  handler,
  type Identity,
} from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger } from './bus.js';

const modern = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features: ['credit', 'resume', 'streams'],
  version: '1.0.0',
};

/** A hub that knows `good`, and leaves everybody else to `strange`. */
const knowing =
  (strange: Authenticate): Authenticate =>
  (hello, context) =>
    hello.worker === 'good' ? { subject: 'good' } : strange(hello, context);

async function greeted(options: HubOptions, hello: object = {}) {
  const bus = await Bus.of(options);
  const stranger = new Stranger(bus).send({ ...modern, worker: 'w9', ...hello });
  await bus.clock.settle();
  return { bus, stranger };
}

/** The stranger stays out, for that reason and in those words, and the hub goes on as if nothing had happened. */
async function staysOut(
  { bus, stranger }: { bus: Bus; stranger: Stranger },
  code: string,
  text: RegExp,
): Promise<void> {
  const [refusal] = stranger.of('refusal');
  expect(refusal).to.include({ code });
  expect(refusal?.message).to.match(text);
  expect(stranger.of('welcome')).to.deep.equal([]);
  expect(bus.hub.workers.has('w9'), 'the intruder is listed').to.equal(false);
  const refused = bus.events.filter(({ kind }) => kind === 'refused');
  expect(refused.map(({ worker, error, cause }) => [worker, error?.code, cause])).to.deep.equal([
    ['w9', code, refusal?.message],
  ]);
  await unharmed(bus);
}

async function unharmed(bus: Bus): Promise<void> {
  const worker = await bus.join({ id: 'good' });
  worker.handle('echo', ({ payload }) => payload);
  await bus.clock.settle();
  expect(await bus.settled(bus.hub.request('good', 'echo', 5))).to.equal(5);
  await bus.close();
}

class User {
  subject = 'ada';
}
/** Another subject each time it is read. */
const fickle = () => {
  let looks = 0;
  return {
    get subject() {
      return looks++ === 0 ? '' : 'ada';
    },
  };
};
const ring: { subject: string; self?: unknown } = { subject: 'ada' };
ring.self = ring;

describe('what authenticate returns', () => {
  noUnhandledRejections();

  const nonsense: readonly (readonly [what: string, value: unknown, text: RegExp])[] = [
    ['undefined, as where a return was forgotten', undefined, /gave undefined, which is no identity/],
    ['null', null, /gave null/],
    ['an empty text', '', /gave a string/],
    ['a text', 'secret-token', /gave a string/],
    ['true', true, /gave a boolean/],
    ['a number', 1, /gave a number/],
    ['a function', () => ({ subject: 'ada' }), /gave a function/],
    ['a symbol', Symbol('secret-token'), /gave a symbol/],
    ['an object without a subject', { token: 'secret-token' }, /gave something without a subject/],
    ['a list', [{ subject: 'ada' }], /gave something without a subject/],
    ['an empty subject', { subject: '' }, /gave an empty subject/],
    ['a blank subject', { subject: ' \t\n' }, /gave an empty subject/],
    ['a subject that is no text', { subject: 5 }, /gave something without a subject/],
    ['a subject that is a String object', { subject: Object('ada') }, /gave something that is no plain data/],
    ['an inherited subject', Object.create({ subject: 'ada' }), /gave something that is no plain data/],
    ['an instance of a class', new User(), /gave something that is no plain data/],
    ['a claim that is a function', { subject: 'ada', can: () => true }, /no plain data/],
    ['a claim that is a Set', { subject: 'ada', roles: new Set(['root']) }, /no plain data/],
    ['a ring', ring, /no plain data/],
    [
      'a getter that throws the token',
      {
        get subject() {
          throw new Error('secret-token');
        },
      },
      /no plain data/,
    ],
    [
      'what cannot be read',
      new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error('secret-token');
          },
        },
      ),
      /no plain data/,
    ],
  ];
  for (const [what, value, text] of nonsense)
    it(`lets nobody in where it is ${what}, now or later`, async () => {
      for (const authenticate of [() => value, async () => value] as Authenticate[]) {
        const met = await greeted({ authenticate: knowing(authenticate) });
        const [refusal] = met.stranger.of('refusal');
        expect(refusal?.message).to.include("it must return { subject: 'a text', ... }");
        expect(JSON.stringify(refusal)).to.not.include('secret');
        expect(refusal?.retryable).to.equal(false);
        await staysOut(met, 'unauthenticated', text);
      }
    });

  it('is read once: what it says when it is read again does not count', async () => {
    const met = await greeted({ authenticate: knowing(fickle) });
    await staysOut(met, 'unauthenticated', /gave an empty subject/);
  });

  it('may name nobody in particular', async () => {
    const { bus, stranger } = await greeted({ authenticate: () => ({ subject: 'anonymous' }) });
    expect(stranger.of('welcome')).to.have.length(1);
    expect(bus.hub.workers.get('w9')?.identity).to.deep.equal({ subject: 'anonymous' });
    await unharmed(bus);
  });

  it('is copied: what its plugin does with it later changes no session', async () => {
    const cached = { subject: 'ada', roles: ['reader'] };
    const { bus } = await greeted({ authenticate: () => cached });
    cached.subject = 'root';
    cached.roles.push('root');
    expect(bus.hub.workers.get('w9')?.identity).to.deep.equal({ subject: 'ada', roles: ['reader'] });
    await unharmed(bus);
  });

  it('cannot be changed by a handler, a middleware or anybody who lists the workers', async () => {
    const seen: unknown[] = [];
    const take = (identity: unknown) => {
      const { roles } = identity as { roles: string[] };
      expect(() => roles.push('root')).to.throw(TypeError);
      expect(() => Object.assign(identity as object, { subject: 'root' })).to.throw(TypeError);
      seen.push(identity);
    };
    const shared = { subject: 'ada', roles: ['reader'] };
    const bus = await Bus.of({
      authenticate: () => shared,
      handshake: [
        (next) => async (hello, context) => {
          take(context.identity);
          return next(hello, context);
        },
      ],
      handlers: [handler('do', (_, { from }) => take(from.identity))],
    });
    const worker = await bus.join({ id: 'w1' });
    await bus.settled(worker.request('do', 1));
    await bus.settled(worker.request('do', 2));
    take(bus.hub.workers.get('w1')?.identity);
    expect(seen).to.deep.equal(Array(4).fill({ subject: 'ada', roles: ['reader'] }));
    await bus.close();
  });
});

describe('an authenticate that fails', () => {
  noUnhandledRejections();
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('secret-token');
      },
      has() {
        throw new Error('secret-token');
      },
    },
  );
  const lookalike = (more: object) =>
    Object.defineProperty(more, Symbol.for('drumline.BusError'), { value: true });

  const accidents: readonly (readonly [what: string, thrown: unknown])[] = [
    ['an error with the token in its text', new Error('no user has secret-token')],
    [
      'a syntax error, which quotes its input',
      (() => {
        try {
          return JSON.parse('secret-token');
        } catch (thrown) {
          return thrown;
        }
      })(),
    ],
    ['a text', 'secret-token'],
    ['nothing', undefined],
    ['what cannot be printed', hostile],
    ['an object without a prototype', Object.create(null)],
    ['what only looks like an error of the bus', lookalike({ code: 'secret', message: 'secret' })],
    [
      'what looks like an error of the bus until it is read',
      lookalike({
        get code() {
          throw new Error('secret-token');
        },
      }),
    ],
  ];
  for (const [what, thrown] of accidents)
    it(`with ${what} lets nobody in, and tells nobody what it was`, async () => {
      for (const authenticate of [
        () => {
          throw thrown;
        },
        () => Promise.reject(thrown),
      ] as Authenticate[]) {
        const met = await greeted({ authenticate: knowing(authenticate) });
        expect(JSON.stringify(met.stranger.frames)).to.not.include('secret');
        expect(met.stranger.of('refusal')[0]).to.include({ retryable: false });
        expect(met.bus.events.at(-1)?.error?.cause, 'for the hub alone').to.equal(thrown);
        await staysOut(met, 'unauthenticated', /^authentication failed$/);
      }
    });

  it('with an error of the bus refuses in its words, and for good or for now as it says', async () => {
    for (const retryable of [true, false]) {
      const refusal = new BusError('unauthenticated', 'the directory is away', {
        retryable,
        details: { directory: 'eu-1' },
      });
      const met = await greeted({ authenticate: knowing(() => Promise.reject(refusal)) });
      expect(met.stranger.of('refusal')[0]).to.deep.include({ retryable, details: { directory: 'eu-1' } });
      await staysOut(met, 'unauthenticated', /^the directory is away$/);
    }
  });

  it('with an error of another code refuses with that code', async () => {
    const met = await greeted({
      authenticate: knowing(() => {
        throw new BusError('timeout', 'the directory did not answer');
      }),
    });
    expect(met.stranger.of('refusal')[0]).to.include({ retryable: true });
    await staysOut(met, 'timeout', /^the directory did not answer$/);
  });

  for (const [what, details] of Object.entries({
    'no details': undefined,
    'details that cannot be read': new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no');
        },
      },
    ),
  }))
    it(`with what looks like an error of the bus but has ${what} costs that link alone`, async () => {
      const thrown = lookalike({ code: 'incompatible', message: 'upgrade', retryable: false, details });
      const met = await greeted({ authenticate: knowing(() => Promise.reject(thrown)) });
      if (details === undefined) await staysOut(met, 'unauthenticated', /authentication failed/);
      else await staysOut(met, 'handshake-failed', /the handshake failed/);
    });

  it('by never answering is cut short, hears of it, and is named if a plugin did it', async () => {
    const signals: AbortSignal[] = [];
    const hang = knowing((_, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const directory = definePlugin({
      manifest: { name: 'directory', version: '1.0.0', engines: { drumline: '*' } },
      contributes: { authenticate: hang },
    });
    const limits = { handshakeTimeoutMs: 700 };
    for (const [options, text] of [
      [{ limits, authenticate: hang }, /^authentication gave no answer within 700 ms$/],
      [{ limits, plugins: [directory] }, /^plugin 'directory': authentication gave no answer within 700 ms$/],
    ] as const) {
      const met = await greeted(options);
      await met.bus.clock.advance(699);
      expect(met.stranger.frames).to.deep.equal([]);
      expect(signals.at(-1)?.aborted).to.equal(false);
      await met.bus.clock.advance(1);
      expect(signals.at(-1)?.reason).to.have.property('code', 'handshake-failed');
      expect(met.stranger.of('refusal')[0]).to.include({ retryable: true });
      await staysOut(met, 'handshake-failed', text);
    }
  });

  it('by answering too late lets nobody in', async () => {
    let admit = () => {};
    const met = await greeted({
      limits: { handshakeTimeoutMs: 700 },
      authenticate: knowing(
        () =>
          new Promise((resolve) => {
            admit = () => resolve({ subject: 'late' });
          }),
      ),
    });
    await met.bus.clock.advance(700);
    admit();
    await met.bus.clock.settle();
    await staysOut(met, 'handshake-failed', /gave no answer/);
  });
});

describe('authentication', () => {
  noUnhandledRejections();

  it('happens once for each link, before all middleware: at a start, a reconnect and a resume', async () => {
    const steps: string[] = [];
    const step =
      (name: string): HandshakeMiddleware =>
      (next) =>
      (hello, context) => {
        steps.push(`${name} sees ${context.identity?.subject}`);
        return next(hello, context);
      };
    const bus = await Bus.of({
      authenticate: async ({ worker }) => {
        steps.push(`authenticate ${worker}`);
        return { subject: worker ?? '' };
      },
      handshake: [step('application')],
      plugins: [
        definePlugin({
          manifest: { name: 'a', version: '1.0.0', engines: { drumline: '*' } },
          contributes: { handshake: [step('plugin')] },
        }),
      ],
    });
    const once = ['authenticate w1', 'application sees w1', 'plugin sees w1'];
    await bus.join({ id: 'w1' });
    expect(steps.splice(0), 'a start').to.deep.equal(once);
    const { epoch } = bus.hub.workers.get('w1') ?? {};
    bus.cut('w1');
    await bus.clock.advance(100);
    expect(bus.hub.workers.get('w1')).to.include({ epoch, liveness: 'alive' });
    expect(steps.splice(0), 'a resume').to.deep.equal(once);
    bus.network.partition('w1', 'hub');
    await bus.clock.advance(15_000);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('lost');
    steps.splice(0);
    bus.network.heal();
    await bus.clock.advance(6_000);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    expect(steps.splice(0), 'a registration anew').to.deep.equal(once);
    await bus.close();
  });

  it('is over before a plugin’s or the application’s middleware is asked at all', async () => {
    let asked = 0;
    const handshake: HandshakeMiddleware[] = [
      (next) => (hello, context) => {
        asked += hello.worker === 'good' ? 0 : 1;
        return next(hello, context);
      },
    ];
    const met = await greeted({ authenticate: knowing(() => undefined as never), handshake });
    expect(asked).to.equal(0);
    await staysOut(met, 'unauthenticated', /no identity/);
  });

  it('is not undone by a fallback that forgives everything', async () => {
    const forgiving: HandshakeMiddleware = (next) => (hello, context) =>
      next(hello, context).catch(() => ({
        protocol: 1,
        features: ['credit', 'resume', 'streams'],
        limits: { maxPayloadBytes: 1_000, maxUnanswered: 16 },
        degraded: true,
        reasons: ['made up'],
      }));
    const met = await greeted({
      authenticate: knowing(() => Promise.reject(new BusError('unauthenticated', 'who are you?'))),
      handshake: [forgiving],
    });
    await staysOut(met, 'unauthenticated', /^who are you\?$/);
  });

  const swaps: Readonly<Record<string, HandshakeMiddleware>> = {
    'another identity handed on': (next) => (hello, context) =>
      next(hello, { ...context, identity: { subject: 'root' } }),
    'another hello handed on': (next) => (hello, context) =>
      next({ ...hello, worker: 'good', extra: { user: 'root' } }, context),
    'no identity handed on': (next) => (hello, context) => next(hello, { ...context, identity: undefined }),
  };
  for (const [what, middleware] of Object.entries(swaps))
    it(`is not changed by a middleware: ${what}`, async () => {
      const { bus, stranger } = await greeted({
        authenticate: knowing(() => ({ subject: 'ada' })),
        handshake: [middleware],
      });
      expect(stranger.of('welcome')).to.have.nested.property('[0].worker', 'w9');
      expect(bus.hub.workers.get('w9')?.identity).to.deep.equal({ subject: 'ada' });
      expect(bus.hub.workers.has('good')).to.equal(false);
      await unharmed(bus);
    });

  const writes: Readonly<Record<string, HandshakeMiddleware>> = {
    'the id': (next) => (hello, context) => next(Object.assign(hello, { worker: 'good' }), context),
    'the resume token': (next) => (hello, context) =>
      next(Object.assign(hello, { resumeToken: 'x' }), context),
    'the labels': (next) => (hello, context) => {
      Object.assign(hello.labels, { admin: 'yes' });
      return next(hello, context);
    },
    'the identity': (next) => (hello, context) => {
      Object.assign(context.identity as object, { subject: 'root' });
      return next(hello, context);
    },
    'the context': (next) => (hello, context) =>
      next(hello, Object.assign(context, { identity: { subject: 'root' } })),
    'what the hub requires of others': (next) => (hello, context) => {
      (context.hub.requires as string[]).length = 0;
      return next(hello, context);
    },
  };
  for (const [what, middleware] of Object.entries(writes))
    it(`is final: a middleware that writes over ${what} costs that worker its admission`, async () => {
      const met = await greeted({
        authenticate: knowing(() => ({ subject: 'ada' })),
        requires: ['credit'],
        handshake: [
          (next) => (hello, context) => (hello.worker === 'good' ? next : middleware(next))(hello, context),
        ],
      });
      await staysOut(met, 'handshake-failed', /read only|not extensible/);
    });

  it('by two at once is a problem at the start', () => {
    const authenticate = (): Identity => ({ subject: 'x' });
    const plugin = definePlugin({
      manifest: { name: 'auth', version: '1.0.0', engines: { drumline: '*' } },
      contributes: { authenticate },
    });
    expect(() => createHub({ authenticate, plugins: [plugin] }))
      .to.throw(/one authenticate, and here are 2: of the application and plugin 'auth'/)
      .with.property('code', 'plugin');
  });
});

describe('an id that a stranger claims', () => {
  noUnhandledRejections();

  it('is named in the event, short and on one line', async () => {
    const { bus, stranger } = await greeted(
      { authenticate: knowing(() => undefined as never) },
      { worker: `eve\r\n2026 all is well \u2028${'x'.repeat(60_000)}` },
    );
    expect(stranger.of('refusal')).to.have.length(1);
    const [event] = bus.events;
    expect(event?.worker).to.match(/^eve\uFFFD\uFFFD2026 all is well \uFFFDx+$/);
    expect(event?.worker).to.have.length(255);
    await unharmed(bus);
  });

  it('stays short in the text of a refusal too', async () => {
    const { bus, stranger } = await greeted(
      {},
      {
        worker: `eve\n${'x'.repeat(20_000)}`,
        sdk: `\n${'y'.repeat(20_000)}`,
        protocolMin: 7,
        protocolMax: 7,
      },
    );
    const [refusal] = stranger.of('refusal');
    expect(refusal?.code).to.equal('incompatible');
    expect(refusal?.message).to.have.length.below(700);
    expect(refusal?.message).to.not.match(/\n/);
    await unharmed(bus);
  });
});

describe('the links that are being greeted', () => {
  noUnhandledRejections();

  it('from one address leave room for those from others', async () => {
    const bus = await Bus.of({ limits: { maxGreetingsPerAddress: 2, handshakeTimeoutMs: 500 } });
    for (let n = 0; n < 2; n++) new Stranger(bus, 'crowd');
    await bus.clock.settle();
    const third = new Stranger(bus, 'crowd').send({ ...modern, worker: 'w9' });
    await bus.clock.settle();
    expect(third.of('refusal')[0]).to.include({ code: 'overflow', retryable: true });
    expect(third.of('refusal')[0]?.message).to.match(/^2 links from crowd are being greeted already/);
    await bus.join({ id: 'elsewhere' });
    await bus.clock.advance(500);
    const fourth = new Stranger(bus, 'crowd').send({ ...modern, worker: 'w9' });
    await bus.clock.settle();
    expect(fourth.of('welcome'), 'once the others are given up').to.have.length(1);
    await unharmed(bus);
  });

  it('are not counted any more once they are welcomed, refused or gone', async () => {
    const bus = await Bus.of({
      limits: { maxGreetingsPerAddress: 1 },
      authenticate: ({ worker }) => {
        if (worker === 'bad') throw new BusError('unauthenticated', 'no');
        return { subject: worker ?? '' };
      },
    });
    for (const worker of ['a', 'bad', 'b', 'bad', 'c']) {
      const stranger = new Stranger(bus, 'one').send({ ...modern, worker });
      await bus.clock.settle();
      expect(stranger.of('refusal').map(({ code }) => code)).to.deep.equal(
        worker === 'bad' ? ['unauthenticated'] : [],
      );
    }
    new Stranger(bus, 'one').link.abort();
    await bus.clock.settle();
    const last = new Stranger(bus, 'one').send({ ...modern, worker: 'd' });
    await bus.clock.settle();
    expect(last.of('welcome')).to.have.length(1);
    await unharmed(bus);
  });

  it('of a thousand workers that start at once on one machine have room, with the defaults', async () => {
    const bus = await Bus.of({ authenticate: async ({ worker }) => ({ subject: worker ?? '' }) });
    const starts = Array.from({ length: 1_000 }, (_, n) => bus.worker({ id: `w${n}` }, 'farm').start());
    await bus.settled(Promise.all(starts));
    expect(bus.events.filter(({ kind }) => kind === 'refused')).to.deep.equal([]);
    expect(bus.hub.workers.size).to.equal(1_000);
    await bus.close();
  }).timeout(30_000);

  it('of more than have room come again by themselves, and are in within seconds', async () => {
    const bus = await Bus.of({
      authenticate: ({ worker }) =>
        new Promise((resolve) => bus.clock.after(300, () => resolve({ subject: worker ?? '' }))),
    });
    const starts = Array.from({ length: 1_500 }, (_, n) => bus.worker({ id: `w${n}` }, 'farm').start());
    const joined = Promise.all(starts);
    joined.catch(() => {});
    await bus.clock.advance(3_000);
    await bus.settled(joined);
    const refused = bus.events.filter(({ kind }) => kind === 'refused');
    expect(refused.map(({ error }) => error?.code)).to.deep.equal(Array(476).fill('overflow'));
    expect(bus.hub.workers.size).to.equal(1_500);
    await bus.close();
  }).timeout(30_000);
});
