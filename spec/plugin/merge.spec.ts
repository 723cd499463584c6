import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { defineMessage } from '../../lib/handler/contract.js';
import { handler } from '../../lib/handler/registration.js';
import { Handlers } from '../../lib/handler/registry.js';
import type { HandshakeMiddleware } from '../../lib/handshake/negotiate.js';
import type { BusEvent } from '../../lib/plugin/contributions.js';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { plugin, Trial } from './trial.js';

const event: BusEvent = { kind: 'joined', worker: 'w1', cause: 'welcomed', at: 1 };

describe('the handlers of plugins', () => {
  it('stand after those of the application, in dependency order, with the name of their plugin', () => {
    const handles = (type: string) => ({ contributes: { handlers: [handler(type, () => {})] } });
    const plugins = [plugin('a', handles('x'), { requires: { b: '*' } }), plugin('b', handles('y'))];
    const { handlers } = new Trial().host(plugins, {
      applicationHandlers: [handler('z', () => {})],
    }).contributions;
    expect(handlers.map(({ type, plugin }) => [type, plugin])).to.deep.equal([
      ['z', undefined],
      ['y', 'b'],
      ['x', 'a'],
    ]);
    expect(handlers[0]).not.to.have.property('plugin');
  });

  it('make the registry name their plugin', () => {
    const registry = new Handlers();
    const { contributions } = new Trial().host([
      plugin('a', { contributes: { handlers: [handler('x', () => {})] } }),
    ]);
    for (const registration of contributions.handlers) registry.add(registration);
    expect(() => registry.add(handler('x', () => {}))).to.throw(BusError, "is handled by plugin 'a' already");
  });
});

describe('a handler that is added later', () => {
  it('is refused as an option where its codec or executor is not there', () => {
    const { contributions } = new Trial().host([
      plugin('p', {
        contributes: { codecs: [{ name: 'cbor', encode: () => Buffer.from('x'), decode: () => 1 }] },
      }),
    ]);
    const add = (codec: string, run = 'inline') =>
      contributions.adopted({ ...handler(defineMessage('z', { codec }), () => {}), options: { run } });
    expect(add('cbor').type).to.equal('z');
    expect(add('json').type).to.equal('z');
    expect(() => add('nope'))
      .to.throw(BusError, "handler 'z' has a contract in the codec 'nope', which no plugin contributes")
      .with.property('code', 'invalid-option');
    expect(() => add('json', 'thread'))
      .to.throw(BusError, "handler 'z' wants run: 'thread'")
      .with.property('code', 'invalid-option');
  });
});

describe('handshake middleware', () => {
  const boom = () => {
    throw new Error('boom');
  };
  const nothing = () => undefined as never;
  const pass: HandshakeMiddleware = (next) => next;

  it('that cannot be applied makes the host refuse, all at once', () => {
    const plugins = [
      plugin('p', { contributes: { handshake: [boom, pass, nothing] } }),
      plugin('q', { contributes: { interceptors: [{ send: boom }] } }),
    ];
    expect(() => new Trial().host(plugins, { applicationHandshake: [nothing, boom] }))
      .to.throw(BusError)
      .that.deep.includes({
        code: 'plugin',
        details: {
          problems: [
            "plugin 'p': its handshake middleware gave no function",
            "plugin 'p': its handshake middleware failed: boom",
            'the application: its handshake middleware failed: boom',
            'the application: its handshake middleware gave no function',
            "plugin 'q': its interceptor of sends failed: boom",
          ],
        },
      });
  });

  it('of the application alone makes it refuse an option', () => {
    expect(() => new Trial().host([plugin('p')], { applicationHandshake: [pass, boom] }))
      .to.throw(BusError, /^the application: its handshake middleware failed: boom$/)
      .with.property('code', 'invalid-option');
  });

  it('is applied once, and not at all on a worker', () => {
    let applied = 0;
    const counts: HandshakeMiddleware = (next) => {
      applied += 1;
      return next;
    };
    const plugins = [plugin('p', { contributes: { handshake: [counts] } })];
    new Trial().host(plugins, { role: 'worker' });
    expect(applied).to.equal(0);
    new Trial().host(plugins);
    expect(applied).to.equal(1);
  });
});

describe('observers', () => {
  noUnhandledRejections();
  const boom = () => {
    throw new Error('boom');
  };

  it('are all told of each event, in dependency order', () => {
    const seen: unknown[] = [];
    const sees = (name: string) => (event: BusEvent) => void seen.push([name, event]);
    const plugins = [
      plugin('a', { contributes: { observers: [sees('a1'), sees('a2')] } }, { requires: { b: '*' } }),
      plugin('b', { contributes: { observers: [sees('b')] } }),
    ];
    new Trial().host(plugins).contributions.observe(event);
    expect(seen).to.deep.equal([
      ['b', event],
      ['a1', event],
      ['a2', event],
    ]);
  });

  it('that throw are logged with the name of their plugin, and the others are told all the same', async () => {
    const trial = new Trial();
    let told = 0;
    const plugins = [
      plugin('bad', { contributes: { observers: [boom, async () => boom()] } }),
      plugin('good', { contributes: { observers: [() => void told++] } }),
    ];
    trial.host(plugins).contributions.observe(event);
    await trial.clock.settle();
    expect(told).to.equal(1);
    const line = "plugin 'bad': an observer failed: boom";
    expect(trial.lines).to.deep.equal([line, line]);
  });

  it('get the log and the services of their plugin, which are asked for only by those that want them', async () => {
    const A = token<string>('a');
    const B = token<string>('b');
    const trial = new Trial();
    const seen: unknown[] = [];
    const notes = (name: string) => (services: unknown) => {
      seen.push(name);
      return services === undefined ? '' : name;
    };
    const plugins = [
      plugin(
        'a',
        {
          contributes: {
            providers: [provider(A, { factory: notes('of a') })],
            observers: [
              (_, { log, services }) => {
                log.warn(`${services.get(A)}, ${services.get(B)}`);
                expect(() => services.get(token('c'))).to.throw(BusError, "plugin 'a'");
              },
            ],
          },
        },
        { requires: { b: '*' } },
      ),
      plugin('b', {
        contributes: { providers: [provider(B, { factory: notes('of b') })], observers: [() => {}] },
      }),
    ];
    const host = trial.host(plugins);
    await host.start();
    expect(seen).to.deep.equal([]);
    host.contributions.observe(event);
    host.contributions.observe(event);
    expect(seen).to.deep.equal(['of a', 'of b']);
    expect(trial.lines).to.deep.equal(["plugin 'a': of a, of b", "plugin 'a': of a, of b"]);
  });

  it('hurt nobody even where the log throws too', async () => {
    const trial = new Trial();
    Object.assign(trial.log, { error: boom });
    trial
      .host([plugin('bad', { contributes: { observers: [boom, async () => boom()] } })])
      .contributions.observe(event);
    await trial.clock.settle();
  });
});
