import { expect } from 'chai';
import { handler } from '../../lib/handler/registration.js';
import { definePlugin, type Plugin } from '../../lib/plugin/manifest.js';
import { plugin } from './trial.js';

describe('definePlugin', () => {
  it('gives the plugin itself, frozen with its manifest and its lists', () => {
    const given = plugin(
      'metrics',
      { contributes: { handlers: [handler('a', () => {})], observers: [] } },
      { roles: ['hub'], requires: { clock: '*' } },
    );
    const defined = definePlugin(given);
    expect(defined).to.equal(given);
    const { manifest, contributes } = defined;
    const parts = [defined, manifest, manifest.engines, manifest.roles, manifest.requires, contributes];
    for (const part of [...parts, contributes?.handlers, contributes?.observers])
      expect(Object.isFrozen(part)).to.equal(true);
  });

  it('leaves functions as they are', () => {
    const authenticate = () => ({ subject: 'x' });
    definePlugin(plugin('auth', { contributes: { authenticate } }));
    expect(Object.isFrozen(authenticate)).to.equal(false);
  });

  it('runs nothing of a plugin', () => {
    const fail = () => {
      throw new Error('it ran');
    };
    definePlugin(
      plugin('x', {
        contributes: { interceptors: [fail], handshake: [fail] },
        start: fail,
        ready: fail,
        stop: fail,
      }),
    );
  });

  it('makes a frozen plugin from the options of each call', () => {
    const metrics = definePlugin((options: { prefix: string }, suffix = '') =>
      plugin(`${options.prefix}metrics${suffix}`),
    );
    const [first, second] = [metrics({ prefix: 'a-' }), metrics({ prefix: 'b-' }, '-x')];
    expect([first.manifest.name, second.manifest.name]).to.deep.equal(['a-metrics', 'b-metrics-x']);
    expect(Object.isFrozen(first) && Object.isFrozen(first.manifest)).to.equal(true);
  });

  it('types the options of a maker', () => {
    const metrics = definePlugin((options: { prefix: string }) => plugin(`${options.prefix}metrics`));
    // @ts-expect-error the prefix is a string
    metrics({ prefix: 1 });
    // @ts-expect-error the options are not optional
    expect(() => metrics()).to.throw(TypeError);
    // @ts-expect-error a maker makes a plugin
    definePlugin(() => ({ name: 'metrics' }));
  });

  it('leaves what is no plugin to the checks of the host', () => {
    for (const wrong of [undefined, null, 1, {}, { manifest: 'x' }, { manifest: {}, contributes: null }])
      expect(definePlugin(wrong as unknown as Plugin)).to.equal(wrong);
  });
});
