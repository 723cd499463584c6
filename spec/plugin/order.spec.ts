import { expect } from 'chai';
import { dependencyOrder } from '../../lib/plugin/order.js';
import { plugin } from './trial.js';

const listed = (...names: (string | [name: string, ...requires: string[]])[]) =>
  names.map((entry) => {
    const [name, ...requires] = typeof entry === 'string' ? [entry] : entry;
    return plugin(name, {}, { requires: Object.fromEntries(requires.map((other) => [other, '*'])) });
  });
const order = (...names: Parameters<typeof listed>) =>
  dependencyOrder(listed(...names)).inOrder.map(({ manifest }) => manifest.name);

describe('the dependency order', () => {
  it('is the order of listing where nothing is required', () => {
    expect(order('c', 'a', 'b')).to.deep.equal(['c', 'a', 'b']);
  });

  it('keeps a listing that is in order already', () => {
    expect(order('a', ['b', 'a'], 'c', ['d', 'b', 'a'])).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('draws what is required in front, through any number of steps', () => {
    expect(order('x', ['a', 'b'], 'y', ['b', 'c'], 'c')).to.deep.equal(['x', 'c', 'b', 'a', 'y']);
  });

  it('draws several in the order of listing, whatever the manifest says first', () => {
    expect(order(['a', 'c', 'b'], 'b', 'c')).to.deep.equal(['b', 'c', 'a']);
  });

  it('has each plugin once where two require it', () => {
    expect(order(['a', 'd'], ['b', 'd'], ['c', 'a', 'b'], 'd')).to.deep.equal(['d', 'a', 'b', 'c']);
  });

  it('passes over what is not there', () => {
    expect(order(['a', 'gone'], 'b')).to.deep.equal(['a', 'b']);
  });

  it('finds every ring', () => {
    const { cycles } = dependencyOrder(listed(['a', 'b'], ['b', 'a'], 'x', ['c', 'd'], ['d', 'c', 'x']));
    expect(cycles).to.deep.equal([
      ['a', 'b', 'a'],
      ['c', 'd', 'c'],
    ]);
  });

  it('leaves out of a ring what only leads to it', () => {
    const { cycles } = dependencyOrder(listed(['x', 'y'], ['y', 'a'], ['a', 'b'], ['b', 'a']));
    expect(cycles).to.deep.equal([['a', 'b', 'a']]);
  });
});
