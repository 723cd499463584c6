import { expect } from 'chai';
import * as fc from 'fast-check';
import { BySeq } from '../../lib/session/by-seq.js';

describe('things by their number', () => {
  it('are found, taken out and listed as in a map, whatever comes and goes, and whatever lasts', () => {
    const step = fc.record({ gap: fc.nat(3), add: fc.boolean(), last: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), fc.nat(2 ** 33), (steps, first) => {
        const table = new BySeq<string>();
        const model = new Map<number, string>();
        let seq = first + 1;
        for (const { gap, add, last } of steps) {
          if (add) {
            seq += 1 + gap;
            table.set(seq, `${seq}`);
            model.set(seq, `${seq}`);
          } else {
            const gone = Math.max(0, seq - last);
            expect(table.delete(gone)).to.equal(model.delete(gone));
            expect(table.get(gone)).to.equal(undefined);
          }
          expect(table.size).to.equal(model.size);
        }
        for (const [number, item] of model) expect(table.get(number)).to.equal(item);
        expect(table.values()).to.deep.equal([...model.values()]);
        expect(table.clear()).to.deep.equal([...model.values()]);
        expect([table.size, table.get(seq)]).to.deep.equal([0, undefined]);
      }),
    );
  });

  it('may be one that lasts while a million others come and go', () => {
    const table = new BySeq<number>();
    table.set(5, 5);
    for (let seq = 6; seq < 1_000_000; seq += 1) {
      table.set(seq, seq);
      if (!table.delete(seq)) throw new Error(`${seq} is not there`);
    }
    expect([table.size, table.get(5)]).to.deep.equal([1, 5]);
  });

  it('may be more than a table grows to', () => {
    const table = new BySeq<number>();
    for (let seq = 1; seq <= 50_000; seq += 1) table.set(seq, seq);
    expect([table.size, table.get(1), table.get(50_000), table.values().length]).to.deep.equal([
      50_000, 1, 50_000, 50_000,
    ]);
  });
});
