import { expect } from 'chai';
import { weightOf } from '../../lib/handler/weight.js';

describe('the weight of a value', () => {
  const bytes = 1_000;
  const heavy: readonly (readonly [string, unknown])[] = [
    ['a text', 'x'.repeat(bytes)],
    ['bytes', new Uint8Array(bytes)],
    ['a view', new DataView(new ArrayBuffer(bytes))],
    ['a buffer', new ArrayBuffer(bytes)],
    ['what is in an object', { a: [{ b: 'x'.repeat(bytes) }] }],
    ['what is in a map', new Map([['a', 'x'.repeat(bytes)]])],
    ['what is in a set', new Set(['x'.repeat(bytes)])],
  ];
  for (const [what, value] of heavy)
    it(`is that of ${what}`, () => {
      expect(weightOf(value)).to.be.within(bytes, bytes + 64);
    });

  it('counts once what is there twice, or within itself', () => {
    const text = ['x'.repeat(bytes)];
    const loop: unknown[] = [text, text];
    loop.push(loop);
    expect(weightOf(loop)).to.be.within(bytes, bytes + 64);
  });

  it('does without what cannot be read', () => {
    const broken = {
      get value(): string {
        throw new Error('no');
      },
    };
    expect(weightOf([broken, 'x'.repeat(bytes)])).to.be.within(bytes, bytes + 64);
  });
});
