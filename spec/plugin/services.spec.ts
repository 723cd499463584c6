import { expect } from 'chai';
import { handles } from '../../lib/handler/handles.js';
import type { Plugin } from '../../lib/plugin/manifest.js';
import { inject, injectable } from '../../lib/services/inject.js';
import { type Provider, provider } from '../../lib/services/provider.js';
import type { Services } from '../../lib/services/services.js';
import { token } from '../../lib/services/token.js';
import { fate, noted, plugin, Trial } from './trial.js';

const STORE = token<{ name: string }>('store');

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
    expect(trial.lines).to.have.length(1);
    expect(trial.lines[0]).to.contain("plugin 'bad'").and.to.contain('stuck');
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
