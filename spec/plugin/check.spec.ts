import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { ErrorCode } from '../../lib/errors/code.js';
import { defineMessage } from '../../lib/handler/contract.js';
import { handles } from '../../lib/handler/handles.js';
import { handler } from '../../lib/handler/registration.js';
import type { Place } from '../../lib/plugin/application.js';
import { PEER } from '../../lib/plugin/built-in.js';
import { checked } from '../../lib/plugin/check.js';
import type { Manifest, Plugin } from '../../lib/plugin/manifest.js';
import { inject, injectable } from '../../lib/services/inject.js';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { fixedDeadline } from '../../lib/time/detector.js';
import { plugin } from './trial.js';

const here: Place = { role: 'hub', sdkVersion: '1.4.2', applicationHandlers: [], applicationProviders: [] };

function problems(plugins: unknown, place: Partial<Place> = {}, code: ErrorCode = 'plugin'): unknown {
  try {
    checked(plugins as Plugin[], { ...here, ...place });
    return [];
  } catch (error) {
    if (!BusError.is(error, code)) throw error;
    const { problems } = error.details as { problems: string[] };
    expect(error.message).to.equal(problems.join('\n'));
    return problems;
  }
}

const manifest = (more: object): Plugin => plugin('metrics', {}, more as Partial<Manifest>);
const contributes = (contributes: unknown): Plugin => plugin('metrics', { contributes } as Plugin);

describe('the check of plugins', () => {
  it('finds nothing wrong with good ones, and gives them in dependency order', () => {
    const full = plugin(
      '@acme/a-1.x~y_z',
      {
        contributes: {
          handlers: [handler('a', () => {})],
          interceptors: [(next) => next],
          authenticate: () => ({ subject: 'x' }),
          handshake: [(next) => next],
          observers: [() => {}],
        },
        start() {},
      },
      { roles: ['worker', 'hub'], requires: { b: '^1.0.0' }, version: '0.1.0-beta.2+build' },
    );
    const b = plugin('b', { contributes: {} });
    const place = { ...here, applicationHandlers: [handler('b', () => {})] };
    expect(checked([full, b], place).plugins.map(({ manifest }) => manifest)).to.deep.equal([
      b.manifest,
      full.manifest,
    ]);
    expect(checked([], here).plugins).to.deep.equal([]);
  });

  describe('of form', () => {
    const malformed: [what: string, value: unknown, problem: string][] = [
      ['undefined', undefined, 'plugins[0] is undefined: a plugin is an object with a manifest'],
      ['null', null, 'plugins[0] is null: a plugin is an object with a manifest'],
      ['a text', 'metrics', "plugins[0] is 'metrics': a plugin is an object with a manifest"],
      [
        'a maker that was not called',
        () => plugin('x'),
        'plugins[0] is a function: call it to get the plugin',
      ],
      ['an object without a manifest', {}, 'plugins[0] has no manifest'],
      [
        'no name',
        manifest({ name: undefined }),
        "plugins[0] has the name undefined: a plugin is named like an npm package, in lower case, such as '@acme/metrics'",
      ],
      [
        'a name that npm would not take',
        manifest({ name: 'My Metrics' }),
        "plugins[0] has the name 'My Metrics': a plugin is named like an npm package, in lower case, such as '@acme/metrics'",
      ],
      [
        'a version that is not semver',
        manifest({ version: '1.4' }),
        "plugin 'metrics' has the version '1.4', which is no semantic version: write it like 1.4.2",
      ],
      [
        'no version',
        manifest({ version: undefined }),
        "plugin 'metrics' has the version undefined, which is no semantic version: write it like 1.4.2",
      ],
      [
        'no engines',
        manifest({ engines: undefined }),
        "plugin 'metrics' does not say which drumline it needs: set engines.drumline in its manifest, as in '^1.4.0'",
      ],
      [
        'an engine that is no range',
        manifest({ engines: { drumline: 'latest' } }),
        "plugin 'metrics' needs drumline 'latest', which is no semver range: write it like '^1.4.0'",
      ],
      [
        'a role that does not exist',
        manifest({ roles: ['hub', 'server'] }),
        "plugin 'metrics' has the roles ['hub', 'server']: they are a list of 'hub' and 'worker'",
      ],
      [
        'no role at all',
        manifest({ roles: [] }),
        "plugin 'metrics' has the roles []: they are a list of 'hub' and 'worker'",
      ],
      [
        'requirements as a text',
        manifest({ requires: 'clock' }),
        "plugin 'metrics' has 'clock' for what it requires: name each plugin with a semver range",
      ],
      [
        'a requirement that is no range',
        manifest({ requires: { clock: 'any' } }),
        "plugin 'metrics' needs plugin 'clock' 'any', which is no semver range",
      ],
      [
        'contributions that are none',
        contributes(null),
        "plugin 'metrics' contributes null: it must be an object",
      ],
      [
        'a contribution that is not known',
        contributes({ handler: [] }),
        "plugin 'metrics' contributes 'handler', which this version of drumline does not know: there are handlers, " +
          'interceptors, authenticate, handshake, codecs, detector, executors, providers, controllers, observers',
      ],
      [
        'handlers that are functions',
        contributes({ handlers: [() => {}] }),
        "plugin 'metrics' has a contributes.handlers that is no list of what handler() gives",
      ],
      [
        'an interceptor without a list',
        contributes({ interceptors: () => {} }),
        "plugin 'metrics' has a contributes.interceptors that is no list of functions and of objects { handler, send }",
      ],
      [
        'a handshake that is no list of functions',
        contributes({ handshake: [undefined] }),
        "plugin 'metrics' has a contributes.handshake that is no list of functions",
      ],
      [
        'observers that are objects',
        contributes({ observers: [{}] }),
        "plugin 'metrics' has a contributes.observers that is no list of functions",
      ],
      [
        'an authenticate in a list',
        contributes({ authenticate: [() => {}] }),
        "plugin 'metrics' has a contributes.authenticate that is no function",
      ],
      [
        'a step that is no function',
        plugin('metrics', { ready: true } as unknown as Plugin),
        "plugin 'metrics' has a ready that is no function",
      ],
    ];
    for (const [what, value, problem] of malformed) {
      it(`refuses ${what}`, () => expect(problems([value])).to.deep.equal([problem]));
    }

    it('refuses a list that is none', () => {
      expect(problems(plugin('metrics'))).to.deep.equal(['plugins must be a list']);
    });

    it('takes a contribution that is undefined for none', () => {
      expect(problems([contributes({ handlers: undefined, authenticate: undefined })])).to.deep.equal([]);
    });
  });

  describe('of the SDK', () => {
    const on = (sdkVersion: string, drumline: string) =>
      problems([manifest({ engines: { drumline } })], { sdkVersion });

    it('refuses one that needs another', () => {
      expect(on('1.4.2', '^2.0.0')).to.deep.equal(["plugin 'metrics' needs drumline ^2.0.0, this is 1.4.2"]);
      expect(on('1.4.2', '^1.5.0')).to.deep.equal(["plugin 'metrics' needs drumline ^1.5.0, this is 1.4.2"]);
      expect(on('1.10.0', '~1.1.0')).to.have.length(1);
    });

    it('takes a release candidate where its release would pass, and nowhere else', () => {
      for (const range of [
        '^2.0.0',
        '>=2.0.0',
        '2.x',
        '2.0.0',
        '>=1.0.0 <3.0.0',
        '2.0.0-rc.1',
        '^2.0.0-rc.1',
        '*',
      ])
        expect(on('2.0.0-rc.1', range), range).to.deep.equal([]);
      for (const range of ['^1.0.0', '<2.0.0', '^2.0.1', '>2.0.0'])
        expect(on('2.0.0-rc.1', range), range).to.have.length(1);
    });
  });

  it('refuses a plugin in the wrong kind of process', () => {
    const [hub, worker] = [manifest({ roles: ['hub'] }), manifest({ roles: ['worker'] })];
    expect(problems([worker])).to.deep.equal(["plugin 'metrics' is for a worker, this is a hub"]);
    expect(problems([hub], { role: 'worker' })).to.deep.equal([
      "plugin 'metrics' is for a hub, this is a worker",
    ]);
    expect(problems([hub])).to.deep.equal([]);
  });

  describe('of requirements', () => {
    const needy = (range: string) => manifest({ requires: { clock: range } });

    it('refuses what is not listed', () => {
      expect(problems([needy('^1.0.0')])).to.deep.equal([
        "plugin 'metrics' needs plugin 'clock' ^1.0.0, which is not listed",
      ]);
    });

    it('refuses another version', () => {
      expect(problems([needy('^1.1.0'), plugin('clock')])).to.deep.equal([
        "plugin 'metrics' needs plugin 'clock' ^1.1.0, this is 1.0.0",
      ]);
    });

    it('takes a release candidate as its release', () => {
      expect(problems([needy('^1.1.0'), plugin('clock', {}, { version: '1.1.0-rc.3' })])).to.deep.equal([]);
    });

    it('does not call a plugin missing that is there and malformed', () => {
      expect(problems([needy('^1.0.0'), plugin('clock', {}, { version: 'x' })])).to.deep.equal([
        "plugin 'clock' has the version 'x', which is no semantic version: write it like 1.4.2",
      ]);
    });

    it('prints the path of a cycle, once', () => {
      const ring = [
        plugin('a', {}, { requires: { b: '*' } }),
        plugin('b', {}, { requires: { c: '*' } }),
        plugin('c', {}, { requires: { a: '*' } }),
        plugin('d', {}, { requires: { b: '*' } }),
      ];
      expect(problems(ring)).to.deep.equal(['plugins require each other: a -> b -> c -> a']);
    });

    it('prints a plugin that requires itself', () => {
      expect(problems([plugin('a', {}, { requires: { a: '*' } })])).to.deep.equal([
        'plugins require each other: a -> a',
      ]);
    });
  });

  it('refuses a name that is listed twice', () => {
    const metrics = plugin('metrics');
    expect(problems([metrics, plugin('b'), plugin('metrics'), metrics])).to.deep.equal([
      "plugin 'metrics' is listed 3 times: plugins[0], plugins[2], plugins[3]",
    ]);
  });

  it('refuses a message type with two handlers', () => {
    const handles = (...types: string[]) => ({
      contributes: { handlers: types.map((type) => handler(type, () => {})) },
    });
    const plugins = [
      plugin('a', handles('x', 'y')),
      plugin('b', handles('y', 'z')),
      plugin('c', handles('c', 'c')),
    ];
    expect(
      problems(plugins, { applicationHandlers: [handler('x', () => {}), handler('y', () => {})] }),
    ).to.deep.equal([
      "message type 'x' has 2 handlers: of the application and plugin 'a'",
      "message type 'y' has 3 handlers: of the application and plugin 'a' and plugin 'b'",
      "message type 'c' has 2 handlers: of plugin 'c' and plugin 'c'",
    ]);
  });

  describe('of authenticators', () => {
    const auth = (name: string) => plugin(name, { contributes: { authenticate: () => ({ subject: 'x' }) } });

    it('refuses a second one on a hub', () => {
      expect(problems([auth('a'), plugin('b'), auth('c')])).to.deep.equal([
        "a hub has one authenticate, and here are 2: of plugin 'a' and plugin 'c'",
      ]);
      expect(problems([auth('a')], { applicationAuthenticate: () => ({ subject: 'x' }) })).to.deep.equal([
        "a hub has one authenticate, and here are 2: of the application and plugin 'a'",
      ]);
    });

    it('takes one on a hub, and any number on a worker, which asks none', () => {
      expect(problems([auth('a')])).to.deep.equal([]);
      expect(problems([auth('a'), auth('b')], { role: 'worker' })).to.deep.equal([]);
    });
  });

  it('refuses a second detector, on either side', () => {
    const detects = (name: string) => plugin(name, { contributes: { detector: fixedDeadline } });
    expect(problems([detects('a'), detects('b')], { role: 'worker' })).to.deep.equal([
      "a worker has one detector, and here are 2: of plugin 'a' and plugin 'b'",
    ]);
    expect(problems([detects('a')])).to.deep.equal([]);
  });

  it('refuses codecs and executors that are there twice', () => {
    const codec = { name: 'cbor', encode: () => new Uint8Array(), decode: () => 1 };
    const executor = { run: 'thread', execute: () => 1 };
    const both = { contributes: { codecs: [codec], executors: [executor] } };
    expect(problems([plugin('a', both), plugin('b', both)])).to.deep.equal([
      "codec 'cbor' is there 2 times: of plugin 'a' and plugin 'b'",
      "run: 'thread' has 2 executors: of plugin 'a' and plugin 'b'",
    ]);
  });

  describe('of what handlers need', () => {
    const place = { module: new URL('./x.js', import.meta.url), export: 'x' };
    const crunch = handler(defineMessage<number, number>('crunch'), place, { run: 'thread' });
    const packed = handler(defineMessage<number, number>('packed', { codec: 'cbor' }), () => 1);
    const codec = { name: 'cbor', encode: () => new Uint8Array(), decode: () => 1 };
    const executor = { run: 'thread', execute: () => 1 };

    it("refuses a handler that is to run where no executor is, the application's too", () => {
      const [text, ...more] = problems([plugin('a', { contributes: { handlers: [crunch] } })]) as string[];
      expect(more).to.deep.equal([]);
      expect(text).to.match(/^handler 'crunch' .*run: 'thread'.*\(of plugin 'a'\)$/);
      expect(problems([], { applicationHandlers: [crunch] }, 'invalid-option')).to.deep.equal([
        text?.replace("plugin 'a'", 'the application'),
      ]);
    });

    it('refuses a contract in a codec that nobody contributes', () => {
      expect(problems([], { applicationHandlers: [packed] }, 'invalid-option')).to.deep.equal([
        "handler 'packed' of the application has a contract in the codec 'cbor', which no plugin contributes",
      ]);
    });

    it('is content when some plugin has it', () => {
      const tools = plugin('tools', { contributes: { codecs: [codec], executors: [executor] } });
      expect(problems([tools], { applicationHandlers: [crunch, packed] })).to.deep.equal([]);
    });
  });

  describe('of services', () => {
    const STORE = token<object>('store');
    @injectable()
    class Needy {
      constructor(@inject(STORE) readonly store: object) {}
    }

    @injectable()
    class Bare {
      constructor(readonly store: object) {}

      @handles('bare')
      handle(): void {}
    }

    it('refuses what nobody provides, and a class that does not say what it needs', () => {
      const found = problems([
        plugin('a', { contributes: { providers: [provider(token('repository'), { class: Needy })] } }),
        plugin('b', { contributes: { controllers: [Bare] } }),
      ]) as string[];
      expect(found).to.have.length(2);
      expect(found[0]).to.contain("nobody provides 'store' for plugin 'a'").and.to.contain('class Needy');
      expect(found[1]).to.contain("plugin 'b'").and.to.contain('Bare');
    });

    it('refuses a token that is there twice for one who sees both', () => {
      const stores = { contributes: { providers: [provider(STORE, { value: {} })] } };
      const found = problems([plugin('a', stores), plugin('b', stores, { requires: { a: '*' } })]);
      expect(found).to.have.length(1);
      expect(problems([plugin('a', stores), plugin('b', stores)])).to.deep.equal([]);
    });

    it('refuses a controller that handles nothing, and one whose message type has a handler', () => {
      class Idle {}
      class Busy {
        @handles('work')
        work(): void {}
      }
      const busy = { contributes: { controllers: [Idle, Busy], handlers: [handler('work', () => {})] } };
      expect(problems([plugin('a', busy)])).to.deep.equal([
        "message type 'work' has 2 handlers: of plugin 'a' and plugin 'a'",
        "plugin 'a': controller Idle handles nothing: put @handles(Contract) on a method",
      ]);
    });
  });

  describe('of what the application brings', () => {
    const A = token<number>('a');
    const wrong: [what: string, place: object, problem: string][] = [
      [
        'handlers that no handler() made',
        { applicationHandlers: [42] },
        'the application has an option handlers that is no list of what handler() gives',
      ],
      [
        'handlers that are no list',
        { applicationHandlers: { x: handler('x', () => {}) } },
        'the application has an option handlers that is no list of what handler() gives',
      ],
      [
        'an authenticate that is no function',
        { applicationAuthenticate: 42 },
        'the application has an option authenticate that is no function',
      ],
      [
        'a handshake that is no list of functions',
        { applicationHandshake: [42] },
        'the application has an option handshake that is no list of functions',
      ],
      ...[42, { token: A }, { token: A, value: 1, factory: () => 2 }, { token: 'a', value: 1 }].map(
        (given): [string, object, string] => [
          'providers without a token and one source',
          { applicationProviders: [given] },
          'the application has an option providers that is no list of { token, value | factory | class, scope? }: the ' +
            "token made by token(), one source, the scope 'session' or none (a value has none)",
        ],
      ),
      [
        'what cannot be read',
        {
          applicationHandlers: [
            {
              get type() {
                throw new Error('boom');
              },
            },
          ],
        },
        'the application has an option handlers that cannot be read: boom',
      ],
    ];
    for (const [what, place, problem] of wrong)
      it(`refuses ${what}, beside good plugins as an option, and beside a bad one with it`, () => {
        expect(problems([plugin('good')], place, 'invalid-option')).to.deep.equal([problem]);
        expect(problems([undefined], place)).to.deep.equal([
          'plugins[0] is undefined: a plugin is an object with a manifest',
          problem,
        ]);
      });

    it('refuses what its services lack as an option, also beside good plugins', () => {
      @injectable()
      class Needy {
        constructor(@inject(A) readonly a: number) {}
      }
      const applicationProviders = [provider(token<Needy>('needy'), { class: Needy })];
      const provides = plugin('p', { contributes: { providers: [provider(A, { value: 1 })] } });
      for (const plugins of [[], [provides]]) {
        const found = problems(plugins, { applicationProviders }, 'invalid-option') as string[];
        expect(found).to.have.length(1);
        expect(found[0]).to.contain("nobody provides 'a' for the application");
      }
    });

    it('takes it where nothing is wrong, together with what the hub or worker provides', () => {
      const B = token<number>('b');
      const { owners } = checked([], {
        ...here,
        applicationProviders: [provider(A, { value: 1 })],
        ownProviders: [provider(B, { value: 2 })],
      });
      expect(owners[0]?.providers.map(({ token }) => token)).to.deep.equal([PEER, B, A]);
    });

    it('reads each of its parts once', () => {
      const calls: string[] = [];
      const applicationHandlers = [
        {
          ...handler('x', () => {}),
          get type() {
            calls.push('type');
            return 'x';
          },
        },
      ];
      checked([], { ...here, applicationHandlers });
      expect(calls).to.deep.equal(['type']);
    });
  });

  it('reports every problem at once, one per line', () => {
    const plugins = [
      undefined,
      plugin('Bad'),
      plugin('old', {}, { engines: { drumline: '^2.0.0' }, roles: ['worker'], requires: { gone: '^1.0.0' } }),
      plugin('worse', { stop: 1 } as unknown as Plugin, { version: 'x' }),
    ];
    expect(problems(plugins)).to.deep.equal([
      'plugins[0] is undefined: a plugin is an object with a manifest',
      "plugins[1] has the name 'Bad': a plugin is named like an npm package, in lower case, such as '@acme/metrics'",
      "plugin 'worse' has the version 'x', which is no semantic version: write it like 1.4.2",
      "plugin 'worse' has a stop that is no function",
      "plugin 'old' needs drumline ^2.0.0, this is 1.4.2",
      "plugin 'old' is for a worker, this is a hub",
      "plugin 'old' needs plugin 'gone' ^1.0.0, which is not listed",
    ]);
  });
});
