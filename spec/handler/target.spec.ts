import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { all, any, matches } from '../../lib/handler/target.js';

describe('targets', () => {
  it('are frozen data, apart from the labels that they were made of', () => {
    const labels = { gpu: 'yes' };
    const target = any(labels);
    labels.gpu = 'no';
    expect(target).to.deep.equal({ to: 'any', labels: { gpu: 'yes' } });
    expect(all()).to.deep.equal({ to: 'all', labels: {} });
    expect(Object.isFrozen(target) && Object.isFrozen(target.labels)).to.equal(true);
  });

  it('refuse a label that is no string', () => {
    expect(() => all({ gpu: true as never })).to.throw(BusError, "label 'gpu' of a target is a boolean");
  });

  it('match labels that have everything that is wanted', () => {
    expect(matches({ gpu: 'yes', zone: 'a' }, { gpu: 'yes' })).to.equal(true);
    expect(matches({ gpu: 'no' }, { gpu: 'yes' })).to.equal(false);
    expect(matches({ gpu: 'yes' }, { gpu: 'yes', zone: 'a' })).to.equal(false);
    expect(matches({}, {})).to.equal(true);
  });
});
