import { expect } from 'chai';
import fc from 'fast-check';
import { Ring } from '../../lib/lane/ring.js';

describe('ring', () => {
  it('does what an array does', () => {
    const action = fc.tuple(
      fc.constantFrom('push', 'push', 'push', 'shift', 'shift', 'remove', 'clear'),
      fc.nat(),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const ring = new Ring<number>();
        let model: number[] = [];
        for (const [index, [what, at]] of actions.entries()) {
          if (what === 'push') {
            ring.push(index);
            model.push(index);
          } else if (what === 'shift') expect(ring.shift()).to.equal(model.shift());
          else if (what === 'remove') {
            const item = model[at % Math.max(1, model.length)] ?? -1;
            expect(ring.remove(item)).to.equal(model.includes(item));
            model = model.filter((each) => each !== item);
          } else if (at % 10 === 0) expect(ring.clear()).to.deep.equal(model.splice(0));
          expect(ring.length).to.equal(model.length);
          expect(ring.at(at % 20)).to.equal(model[at % 20]);
        }
        expect(ring.clear()).to.deep.equal(model);
      }),
    );
  });

  it('takes a million items from its front without moving the others', () => {
    const ring = new Ring<number>();
    for (let n = 0; n < 1_000_000; n += 1) ring.push(n);
    let sum = 0;
    for (let n = ring.shift(); n !== undefined; n = ring.shift()) sum += n;
    expect(sum).to.equal(499_999_500_000);
    expect(ring.places, 'its memory is given back').to.equal(0);
  }).timeout(2000);
});
