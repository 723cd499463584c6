import { expect } from 'chai';
import { exact, greetingOf } from '../lib/index.js';

const judged = (version: string, hub: string) => exact().judge(greetingOf({ version }, hub));

describe('exact()', () => {
  it('compares whole versions, not how they begin', () => {
    expect(judged('10.1.0', '10.12.0')).to.have.property('verdict', 'object');
    expect(judged('10.12.0', '10.1.0')).to.have.property('verdict', 'object');
    expect(judged('10.12.0', '10.12.0')).to.deep.equal({ verdict: 'admit' });
  });

  it('takes no notice of build metadata on either side', () => {
    expect(judged('1.2.3+a', '1.2.3+b')).to.deep.equal({ verdict: 'admit' });
  });

  it('tells a release candidate from its release, and from another one', () => {
    expect(judged('1.2.3-rc.1', '1.2.3')).to.have.property('verdict', 'object');
    expect(judged('1.2.3-rc.1', '1.2.3-rc.2')).to.have.property('verdict', 'object');
    expect(judged('1.2.3-rc.1', '1.2.3-rc.1')).to.have.property('verdict', 'admit');
  });

  it('says which version it wants', () => {
    expect(judged('1.2.4', '1.2.3')).to.deep.equal({
      verdict: 'object',
      reason: "1.2.4 is not the hub's 1.2.3",
      remedy: 'run the worker at 1.2.3',
    });
  });
});
