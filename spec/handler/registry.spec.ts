import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { handler } from '../../lib/handler/registration.js';
import { Handlers } from '../../lib/handler/registry.js';

const named = (type: string) => handler(type, () => {});

describe('Handlers', () => {
  it('finds a handler by type until it is disposed of', () => {
    const handlers = new Handlers();
    const render = named('render');
    const added = handlers.add(render);
    expect(handlers.get('render')).to.equal(render);
    added[Symbol.dispose]();
    expect(handlers.get('render')).to.equal(undefined);
    expect(handlers.get('constructor')).to.equal(undefined);
  });

  it('tells the whole list after each change', () => {
    const handlers = new Handlers();
    const seen: (readonly string[])[] = [];
    handlers.changes$.subscribe((types) => seen.push(types));
    const added = handlers.add(named('a'));
    handlers.add(named('b'));
    added[Symbol.dispose]();
    expect(seen).to.deep.equal([['a'], ['a', 'b'], ['b']]);
    expect(handlers.types).to.deep.equal(['b']);
  });

  it('refuses a second handler of a type, naming both owners, and keeps the first', () => {
    const handlers = new Handlers();
    const first = { ...named('render'), plugin: 'metrics' };
    handlers.add(first);
    expect(() => handlers.add(named('render')))
      .to.throw(BusError, "'render' is handled by plugin 'metrics' already: the application cannot add")
      .that.has.property('code', 'invalid-option');
    expect(handlers.get('render')).to.equal(first);
  });

  it('leaves a later handler of the same type alone when an older one is disposed of again', () => {
    const handlers = new Handlers();
    const render = named('render');
    const first = handlers.add(render);
    first[Symbol.dispose]();
    handlers.add(render);
    first[Symbol.dispose]();
    expect(handlers.types).to.deep.equal(['render']);
  });
});
