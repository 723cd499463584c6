import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { handler } from '../../lib/handler/registration.js';
import { Handlers } from '../../lib/handler/registry.js';
import type { BusEvent } from '../../lib/plugin/contributions.js';
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

  it('hurt nobody even where the log throws too', async () => {
    const trial = new Trial();
    Object.assign(trial.log, { error: boom });
    trial
      .host([plugin('bad', { contributes: { observers: [boom, async () => boom()] } })])
      .contributions.observe(event);
    await trial.clock.settle();
  });
});
