import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Codec } from '../../lib/handler/codec.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { type AnyContract, defineMessage } from '../../lib/handler/contract.js';
import { handler, type Registration } from '../../lib/handler/registration.js';
import { describe as describePlugins } from '../../lib/plugin/describe.js';
import type { Plugin } from '../../lib/plugin/manifest.js';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { fate, plugin, Trial } from './trial.js';

const boom = (): never => {
  throw new Error('boom');
};

/** The problems of a host with such plugins, and of their listing: the same ones. */
function problems(...plugins: unknown[]): unknown {
  const told = [() => new Trial().host(plugins as Plugin[]), () => describePlugins(plugins as Plugin[])].map(
    (act) => {
      try {
        act();
        return [];
      } catch (error) {
        if (!BusError.is(error, 'plugin')) throw error;
        return error.details.problems;
      }
    },
  );
  expect(told[0]).to.deep.equal(told[1]);
  return told[0];
}
const contributing = (contributes: unknown) => plugin('p', { contributes } as Plugin);
const { manifest } = plugin('p');

describe('a plugin is read', () => {
  describe('under guard: one', () => {
    const hostile = new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom });
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const unreadable: [what: string, value: unknown][] = [
      [
        'whose manifest throws',
        {
          get manifest() {
            return boom();
          },
        },
      ],
      ['whose manifest is a hostile proxy', { manifest: hostile }],
      [
        'whose contributes throws',
        {
          manifest,
          get contributes() {
            return boom();
          },
        },
      ],
      [
        'with a contribution that throws',
        contributing({
          get handlers() {
            return boom();
          },
        }),
      ],
      ['with a hostile proxy in a list', contributing({ codecs: [hostile] })],
      [
        'with a codec that throws',
        contributing({
          codecs: [
            {
              get name() {
                return boom();
              },
            },
          ],
        }),
      ],
      [
        'with a step that throws',
        {
          manifest,
          get stop() {
            return boom();
          },
        },
      ],
      [
        'with roles that throw',
        {
          manifest: {
            ...manifest,
            get roles() {
              return boom();
            },
          },
        },
      ],
      ['that is a hostile proxy', hostile],
    ];
    for (const [what, value] of unreadable)
      it(`${what} is a problem like any other`, () => {
        expect(problems(plugin('Bad'), value, plugin('other', {}, { version: '1' }))).to.deep.equal([
          "plugins[0] has the name 'Bad': a plugin is named like an npm package, in lower case, such as '@acme/metrics'",
          'plugins[1] cannot be read: boom',
          "plugin 'other' has the version '1', which is no semantic version: write it like 1.4.2",
        ]);
      });

    it('that throws what cannot be printed is a problem too, and so is a list that cannot be read', () => {
      const unprintable = {
        get manifest() {
          throw hostile;
        },
      };
      expect(problems(unprintable)).to.deep.equal([
        'plugins[0] cannot be read: a value that cannot be printed',
      ]);
      expect(() => new Trial().host(revoked.proxy as Plugin[]))
        .to.throw(BusError, /^plugins cannot be read: /)
        .with.property('code', 'plugin');
    });

    it('that cannot be read is not missing where its name is known', () => {
      const broken = {
        manifest: plugin('clock').manifest,
        get contributes() {
          return boom();
        },
      };
      expect(problems(plugin('a', {}, { requires: { clock: '*' } }), broken)).to.deep.equal([
        'plugins[1] cannot be read: boom',
      ]);
    });

    it('that a list has a hole for is undefined', () => {
      // biome-ignore lint/suspicious/noSparseArray: the hole is what it is about
      expect(() => new Trial().host([,] as unknown as Plugin[])).to.throw(
        BusError,
        'plugins[0] is undefined: a plugin is an object with a manifest',
      );
    });
  });

  describe('with what it inherits:', () => {
    it('a contribution of a prototype is checked like its own', () => {
      class Bad {
        get observers() {
          return ['junk'];
        }
      }
      for (const contributes of [Object.create({ observers: ['junk'] }), new Bad()])
        expect(problems(contributing(contributes))).to.deep.equal([
          "plugin 'p' has a contributes.observers that is no list of functions",
        ]);
      expect(problems(contributing(Object.create({ observer: [] })))).to.have.length(1);
    });

    it('a contribution of a prototype is used like its own', () => {
      class Good {
        get handlers() {
          return [handler('x', () => 1)];
        }
      }
      const { contributions } = new Trial().host([contributing(new Good())]);
      expect(contributions.handlers.map(({ type }) => type)).to.deep.equal(['x']);
    });
  });

  const registration = handler('x', () => 1);
  const odd: [what: string, contributes: object, fine?: boolean][] = [
    ['handlers', { handlers: [{ type: 'x', handle() {}, options: {} }] }],
    ['handlers', { handlers: [{ ...registration, type: 'y' }] }],
    ['handlers', { handlers: [{ ...registration, options: { concurrency: 0 } }] }],
    ['handlers', { handlers: [{ ...registration, options: { run: 'thread' } }] }],
    ['handlers', { handlers: [{ ...registration, contract: { type: '' } }] }],
    ['interceptors', { interceptors: [{ handler: undefined }] }],
    ['interceptors', { interceptors: [{ handler: boom, send: 1 }] }],
    ['interceptors', { interceptors: [{ handler: boom, sends: boom }] }],
    ['providers', { providers: [{ token: token('a'), factory: undefined }] }],
  ];
  for (const [name, contributes] of odd)
    it(`and refused with ${name} such as ${JSON.stringify(Object.values(contributes)[0])}`, () => {
      const [problem, ...more] = problems(contributing(contributes)) as string[];
      expect(problem).to.match(new RegExp(`^plugin 'p' has a contributes.${name} that is no list of `));
      expect(more).to.deep.equal([]);
    });

  it('and taken with a side of an interceptor that is undefined', () => {
    for (const sides of [
      { handler: (next: unknown) => next, send: undefined },
      { handler: undefined, send: (next: unknown) => next },
    ])
      expect(problems(contributing({ interceptors: [sides] }))).to.deep.equal([]);
  });

  it('once: each getter is called one time, whatever follows', async () => {
    const calls = new Map<string, number>();
    const counted = <T extends object>(values: T, path: string): T =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => {
            const get = () => {
              calls.set(`${path}${name}`, (calls.get(`${path}${name}`) ?? 0) + 1);
              return value;
            };
            return [name, { get, enumerable: true }];
          }),
        ),
      ) as T;
    const codec: Codec = { name: 'cbor', encode: () => new Uint8Array(1), decode: () => 1 };
    const contributes = {
      handlers: [counted({ ...registration }, 'handler.')],
      codecs: [counted(codec, 'codec.')],
      executors: [counted({ run: 'thread', execute: () => 1 }, 'executor.')],
      providers: [counted({ token: token('a'), factory: () => 1 }, 'provider.')],
      interceptors: [
        counted({ handler: (next: unknown) => next, send: (next: unknown) => next }, 'interceptor.'),
      ],
      authenticate: () => ({ subject: 'x' }),
      observers: [() => {}],
    };
    const steps = { start() {}, ready() {}, stop() {} };
    const given = counted(
      {
        manifest: counted(
          { ...manifest, engines: counted({ drumline: '*' }, 'engines.'), roles: ['hub'], requires: {} },
          'manifest.',
        ),
        contributes: counted(contributes, 'contributes.'),
        ...steps,
      },
      '',
    ) as unknown as Plugin;
    const trial = new Trial();
    const host = trial.host([given]);
    expect(
      await fate(
        host.start().then(() => host.ready()),
        trial.clock,
      ),
    ).to.equal('resolved');
    host.contributions.codecs.encode('cbor', 1, 'x', 'reply');
    host.contributions.observe({ kind: 'joined', cause: '', at: 0 });
    await host.stop();
    expect([...calls.keys()]).to.include.members([
      'manifest',
      'start',
      'manifest.name',
      'codec.name',
      'contributes.handlers',
    ]);
    expect([...calls].filter(([, count]) => count !== 1)).to.deep.equal([]);
  });

  it('into what stays as it is: what becomes of the object later changes nothing', async () => {
    const notes: string[] = [];
    const codec = { name: 'cbor', encode: () => Buffer.from('old'), decode: () => 1 };
    const contract = { type: 'a' } as { type: string; codec?: string };
    const given = {
      manifest: { ...manifest, requires: {} as Record<string, string> },
      contributes: {
        handlers: [{ ...handler(contract as AnyContract, () => 'a') }],
        observers: [() => void notes.push('told')],
        codecs: [codec],
      },
      start: () => void notes.push('starts'),
    };
    const trial = new Trial();
    const host = trial.host([given]);
    given.manifest.name = 'renamed';
    given.manifest.requires.gone = '*';
    given.contributes.handlers.push(handler('b', () => 'b'));
    given.contributes.observers.push(boom);
    Object.assign(codec, { name: 'other', encode: boom });
    contract.codec = 'gone';
    Object.assign(given.contributes, { controllers: [class {}] });
    Object.assign(given, { start: boom, stop: boom });
    expect(await fate(host.start(), trial.clock)).to.equal('resolved');
    host.contributions.observe({ kind: 'joined', cause: '', at: 0 });
    expect(String(host.contributions.codecs.encode('cbor', 1, 'x', 'reply').payload)).to.equal('old');
    expect(await fate(host.stop(), trial.clock)).to.equal('resolved');
    expect(host.contributions.handlers.map(({ type, plugin }) => [type, plugin])).to.deep.equal([['a', 'p']]);
    expect(host.contributions.handlers[0]?.contract).to.deep.equal({ type: 'a' });
    expect(notes).to.deep.equal(['starts', 'told']);
    expect(trial.lines).to.deep.equal([]);
  });

  it('with its methods: codecs, executors, factories and steps keep their object', async () => {
    const seen: unknown[] = [];
    const codec = {
      name: 'cbor',
      encode() {
        seen.push(this);
        return Buffer.from('x');
      },
      decode: () => 1,
    };
    const executor = {
      run: 'here',
      execute() {
        seen.push(this);
        return 1;
      },
    };
    const A = token<number>('a');
    const factory = {
      token: A,
      factory() {
        seen.push(this);
        return 1;
      },
    };
    const module = { module: new URL('file:///x.js'), export: 'x' };
    const given: Plugin = {
      manifest,
      contributes: {
        codecs: [codec],
        executors: [executor],
        providers: [factory],
        handlers: [handler(defineMessage('x', { codec: 'cbor' }), module, { run: 'here' })],
      },
      start({ services }) {
        services.get(A);
        seen.push(this);
      },
    };
    const trial = new Trial();
    const host = trial.host([given]);
    await host.start();
    host.contributions.codecs.encode('cbor', 1, 'x', 'reply');
    const [{ handle }] = host.contributions.handlers as [Registration];
    handle({} as HandlerMessage, {} as Context);
    expect(seen).to.have.length(4);
    for (const [index, of] of [factory, given, codec, executor].entries()) expect(seen[index]).to.equal(of);
  });

  it('by each hub or worker anew: one object can be in several', async () => {
    const A = token<object>('a');
    const given = plugin('p', {
      contributes: {
        providers: [provider(A, { factory: () => ({}) })],
        handlers: [handler('x', (_, { services }) => services.get(A))],
      },
      start() {},
    });
    const hosts = [0, 1].map(() => new Trial().host([given]));
    for (const host of hosts) await host.start();
    const [one, other] = hosts.map(({ contributions }) => contributions.handlers[0]);
    expect(one).not.to.equal(other);
    expect(one?.plugin).to.equal('p');
  });
});
