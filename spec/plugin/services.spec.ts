import { expect } from 'chai';
import { handles } from '../../lib/handler/handles.js';
import { PEER } from '../../lib/plugin/built-in.js';
import type { Plugin } from '../../lib/plugin/manifest.js';
import { inject, injectable } from '../../lib/services/inject.js';
import { type Provider, provider } from '../../lib/services/provider.js';
import type { Services } from '../../lib/services/services.js';
import { type Token, token } from '../../lib/services/token.js';
import { fate, never, noted, plugin, Trial } from './trial.js';

const STORE = token<{ name: string }>('store');
const peer = { id: 'w1', epoch: '1', labels: {}, identity: undefined };

/** A provider that notes when its service is built and disposed of. */
const noting = (notes: string[], name: string, token = STORE): Provider =>
  provider(token, {
    factory: () => {
      notes.push(`builds ${name}`);
      return { name, [Symbol.asyncDispose]: async () => void notes.push(`disposes of ${name}`) };
    },
  }) as Provider;

describe('the services of plugins', () => {
  it('are seen by the plugin itself and those that require it, built once, and disposed of after its stop', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const uses = (name: string, requires: Record<string, string>): Plugin => ({
      ...noted(name, notes),
      manifest: { ...plugin(name).manifest, requires },
      start({ services }) {
        notes.push(`${name} starts with ${services.get(STORE).name}`);
      },
    });
    const store = noted('store', notes, { contributes: { providers: [noting(notes, 'it')] } });
    const host = trial.host([uses('a', { store: '*' }), store, uses('b', { store: '*' })]);
    await host.start();
    await host.stop();
    expect(notes).to.deep.equal([
      'store starts',
      'builds it',
      'a starts with it',
      'b starts with it',
      'b stops',
      'a stops',
      'store stops',
      'disposes of it',
    ]);
    expect(trial.lines).to.deep.equal([]);
  });

  it('are not seen by a plugin that does not require it: its start fails, and says what to do', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const store = noted('store', notes, { contributes: { providers: [noting(notes, 'it')] } });
    const stranger = plugin('stranger', { start: ({ services }) => void services.get(STORE) });
    const error = await fate(trial.host([store, stranger]).start(), trial.clock);
    expect(String(error)).to.contain("nobody provides 'store' for plugin 'stranger'");
    expect(String(error)).to.contain("plugin 'store' provides it: add it to requires");
    expect(notes).to.deep.equal(['store starts', 'store stops']);
  });

  it('of the application are seen by all, and disposed of last', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const own = token<{ name: string }>('own');
    const a = noted('a', notes, {
      contributes: { providers: [noting(notes, 'own', own)] },
      start({ services }) {
        services.get(STORE);
        services.get(own);
      },
    });
    const host = trial.host([a], { applicationProviders: [noting(notes, 'shared')] });
    await host.start();
    await host.stop();
    expect(notes).to.deep.equal([
      'builds shared',
      'builds own',
      'a stops',
      'disposes of own',
      'disposes of shared',
    ]);
  });

  it('that were built by a start that fails are disposed of', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const broken = plugin('broken', {
      contributes: { providers: [noting(notes, 'it')] },
      start({ services }) {
        services.get(STORE);
        throw new Error('boom');
      },
    });
    expect(String(await fate(trial.host([broken]).start(), trial.clock))).to.contain('boom');
    expect(notes).to.deep.equal(['builds it', 'disposes of it']);
  });

  it('that cannot be disposed of are logged with their plugin, and the others stop all the same', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const bad = plugin('bad', {
      contributes: {
        providers: [
          provider(STORE, {
            factory: () => ({
              name: '',
              [Symbol.dispose]() {
                throw new Error('stuck');
              },
            }),
          }),
        ],
      },
      start: ({ services }) => void services.get(STORE),
    });
    const host = trial.host([noted('good', notes), bad]);
    await host.start();
    await host.stop();
    expect(notes).to.deep.equal(['good starts', 'good stops']);
    expect(trial.lines).to.deep.equal([
      "plugin 'bad': token 'store' (factory) could not be disposed of: stuck",
    ]);
  });

  it('that are disposed of for ever are logged at the deadline, one after the other, and the stop ends', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const hangs = { [Symbol.asyncDispose]: never };
    const [application, own, user] = ['application', 'own', 'user'].map((name) => token<object>(name)) as [
      Token<object>,
      Token<object>,
      Token<object>,
    ];
    const bad = plugin('bad', {
      contributes: {
        providers: [
          provider(own, { factory: () => hangs }),
          provider(user, { factory: () => ({ ...hangs }), scope: 'session' }),
        ],
      },
      start: ({ services }) => void [services.get(application), services.get(own)],
    });
    const host = trial.host([noted('good', notes), bad], {
      applicationProviders: [provider(application, { factory: () => ({ ...hangs }) })],
      deadlineMs: 100,
    });
    await host.start();
    const session = host.session(peer);
    session.of('bad').get(user);
    void session.dispose();
    const stopped = host.stop();
    await trial.clock.advance(299);
    expect(await fate(stopped, trial.clock)).to.equal('waits');
    await trial.clock.advance(1);
    expect(await fate(stopped, trial.clock)).to.equal('resolved');
    expect(notes).to.deep.equal(['good starts', 'good stops']);
    expect(trial.lines).to.deep.equal([
      "session services: plugin 'bad': token 'user' (factory) was not disposed of within 100 ms",
      "plugin 'bad': token 'own' (factory) was not disposed of within 100 ms",
      "the application: token 'application' (factory) was not disposed of within 100 ms",
    ]);
    expect(trial.clock.pending).to.equal(0);
  });

  it('are closed from the stop on to the next start, for those who still run', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const shared = token<{ name: string }>('shared');
    let kept: Services | undefined;
    const uses = plugin('a', {
      contributes: { providers: [noting(notes, 'it')] },
      start({ services }) {
        kept = services;
      },
    });
    const host = trial.host([uses], { applicationProviders: [noting(notes, 'shared', shared)] });
    await host.start();
    for (const name of [STORE, shared]) kept?.get(name);
    await host.stop();
    notes.length = 0;
    for (const name of [STORE, shared])
      expect(() => kept?.get(name))
        .to.throw('cannot be built: what it belongs to is stopped')
        .with.property('code', 'closed');
    expect(notes).to.deep.equal([]);
    await host.start();
    for (const name of [STORE, shared]) kept?.get(name);
    expect(notes).to.deep.equal(['builds it', 'builds shared']);
    await host.stop();
    expect(notes).to.have.length(4);
  });

  it('of a session are closed after it, also where nobody had asked for any', async () => {
    const notes: string[] = [];
    const user = token<{ name: string }>('user');
    const providers = [
      provider(user, { ...noting(notes, 'user', user), scope: 'session' }),
      noting(notes, 'store'),
    ];
    const host = new Trial().host([plugin('a', { contributes: { providers } })]);
    await host.start();
    const session = host.session(peer);
    await session.dispose();
    expect(() => session.of('a').get(user))
      .to.throw("plugin 'a': token 'user' (factory) cannot be built: its session has ended")
      .with.property('code', 'closed');
    expect(session.of('a').get(STORE).name).to.equal('store');
    expect(notes).to.deep.equal(['builds store']);
    await host.stop();
  });

  it('have no other provider than the hub itself where they are its own', () => {
    const own = plugin('own', {
      contributes: {
        providers: [provider(PEER, { value: peer }), provider(STORE, { value: { name: '' } })],
      },
    });
    const applicationProviders = [provider(STORE, { value: { name: '' } })];
    expect(() => new Trial().host([own], { applicationProviders })).to.throw(
      "token 'drumline.peer' has 2 providers for plugin 'own': of drumline and plugin 'own'\n" +
        "token 'store' has 2 providers for plugin 'own': of the application and plugin 'own'",
    );
  });

  it('that a start cannot have are told with their plugin once', async () => {
    const trial = new Trial();
    const broken = plugin('broken', {
      contributes: { providers: [provider(STORE, { factory: ({ get }) => get(STORE) })] },
      start: ({ services }) => void services.get(STORE),
    });
    expect(await fate(trial.host([broken]).start(), trial.clock))
      .to.have.property('message')
      .that.matches(/^plugin 'broken': start failed: token 'store' \(factory\) failed: /);
  });

  it('are built anew when the host starts again', async () => {
    const trial = new Trial();
    const notes: string[] = [];
    const uses = plugin('a', {
      contributes: { providers: [noting(notes, 'it')] },
      start: ({ services }) => void services.get(STORE),
    });
    const host = trial.host([uses]);
    for (let round = 0; round < 2; round += 1) {
      await host.start();
      await host.stop();
    }
    expect(notes).to.deep.equal(['builds it', 'disposes of it', 'builds it', 'disposes of it']);
  });
});

describe('a controller', () => {
  const notes: string[] = [];

  @injectable()
  class Controller {
    constructor(@inject(STORE) readonly store: { name: string }) {
      notes.push('is built');
    }

    @handles('who')
    who(): string {
      return this.store.name;
    }

    [Symbol.dispose](): void {
      notes.push('is disposed of');
    }
  }

  beforeEach(() => {
    notes.length = 0;
  });

  it('is built once, after the start of its plugin, and handles with what it was given', async () => {
    const trial = new Trial();
    const host = trial.host([
      plugin('a', {
        contributes: {
          controllers: [Controller],
          providers: [provider(STORE, { value: { name: 'the store' } })],
        },
        start: () => void notes.push('starts'),
        stop: () => void notes.push('stops'),
      }),
    ]);
    const [registration] = host.contributions.handlers;
    expect(registration).to.include({ type: 'who', plugin: 'a' });
    const ask = () => registration?.handle({} as never, {} as never);
    expect(ask).to.throw('its plugin has not started, or has stopped');
    await host.start();
    expect([ask(), ask()]).to.deep.equal(['the store', 'the store']);
    await host.stop();
    expect(notes).to.deep.equal(['starts', 'is built', 'stops', 'is disposed of']);
    expect(ask).to.throw('its plugin has not started, or has stopped');
  });

  it('that cannot be built fails the start of its plugin', async () => {
    const trial = new Trial();
    const host = trial.host([
      plugin('a', {
        contributes: {
          controllers: [Controller],
          providers: [
            provider(STORE, {
              factory: (): { name: string } => {
                throw new Error('no store');
              },
            }),
          ],
        },
      }),
    ]);
    const text = String(await fate(host.start(), trial.clock));
    expect(text).to.contain("plugin 'a'").and.to.contain('no store').and.to.contain('Controller');
  });
});

describe('the context of a step', () => {
  it('has the version of the application, and numbers', async () => {
    const seen: unknown[] = [];
    let services: Services | undefined;
    const host = new Trial().host(
      [
        plugin('a', {
          start(context) {
            services = context.services;
            seen.push(context.version, context.stats().lane.concurrency, context.role, context.id);
          },
        }),
      ],
      { version: '2.32.2', id: undefined },
    );
    await host.start();
    expect(seen).to.deep.equal(['2.32.2', 64, 'hub', undefined]);
    expect(() => services?.get(STORE)).to.throw("nobody provides 'store' for plugin 'a'");
  });
});
