import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { handles } from '../../lib/handler/handles.js';
import { handler } from '../../lib/handler/registration.js';
import { describe as describePlugins } from '../../lib/plugin/describe.js';
import type { Plugin } from '../../lib/plugin/manifest.js';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { plugin } from './trial.js';

const ran = (): never => {
  throw new Error('it ran');
};

class Controller {
  constructor() {
    ran();
  }

  @handles('c')
  c(): void {}
}

describe('the description of plugins', () => {
  const full = plugin(
    'metrics',
    {
      contributes: {
        handlers: [handler('a', ran), handler('b', ran)],
        interceptors: [ran],
        authenticate: ran,
        handshake: [ran, ran],
        codecs: [{ name: 'cbor', encode: ran, decode: ran }],
        detector: ran,
        executors: [{ run: 'thread', execute: ran }],
        providers: [provider(token('store'), { factory: ran })],
        controllers: [Controller],
        observers: [ran, ran, ran],
      },
      start: ran,
      ready: ran,
      stop: ran,
    },
    { roles: ['hub'], requires: { clock: '^1.0.0' } },
  );

  it('lists what each one is, needs and contributes, and runs nothing', () => {
    expect(describePlugins([full, plugin('clock', {}, { version: '1.2.3' })])).to.deep.equal([
      {
        name: 'metrics',
        version: '1.0.0',
        engines: { drumline: '^1.0.0' },
        roles: ['hub'],
        requires: { clock: '^1.0.0' },
        contributes: {
          handlers: ['a', 'b', 'c'],
          interceptors: 1,
          authenticate: true,
          handshake: 2,
          codecs: ['cbor'],
          detector: true,
          executors: ['thread'],
          providers: ['store'],
          controllers: ['Controller'],
          observers: 3,
        },
      },
      {
        name: 'clock',
        version: '1.2.3',
        engines: { drumline: '^1.0.0' },
        roles: ['hub', 'worker'],
        requires: {},
        contributes: {
          handlers: [],
          interceptors: 0,
          authenticate: false,
          handshake: 0,
          codecs: [],
          detector: false,
          executors: [],
          providers: [],
          controllers: [],
          observers: 0,
        },
      },
    ]);
  });

  it('refuses what is no plugin, and takes one that could not run here', () => {
    expect(() => describePlugins([undefined as unknown as Plugin])).to.throw(
      BusError,
      'plugins[0] is undefined',
    );
    expect(describePlugins([plugin('x', {}, { engines: { drumline: '^9.0.0' } })])).to.have.length(1);
  });
});
