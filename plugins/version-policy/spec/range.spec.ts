import { expect } from 'chai';
import { greetingOf, range } from '../lib/index.js';
import { failure } from './moment.js';

const judged = (versions: string, version: string) => range(versions).judge(greetingOf({ version }));

describe('range()', () => {
  for (const [versions, version, verdict] of [
    ['^2.30', '2.30.0', 'admit'],
    ['^2.30', '2.99.1', 'admit'],
    ['^2.30', '2.29.9', 'object'],
    ['^2.30', '3.0.0', 'object'],
    ['^2.30', '2.30.0-rc.1', 'admit'],
    ['^2.30', '2.31.4-beta', 'admit'],
    ['^2.30', '3.0.0-rc.1', 'object'],
    ['>=2.30 <2.32', '2.32.0-rc.1', 'object'],
    ['<2.32.0', '2.32.0-rc.1', 'object'],
    ['2.30.1', '2.30.1+linux', 'admit'],
    ['2.30.1-rc.1', '2.30.1-rc.1', 'admit'],
    ['2.30.1-rc.1', '2.30.1', 'object'],
    ['1.x || >=2.5.0 || 5.0.0 - 7.2.3', '2.4.0', 'object'],
    ['1.x || >=2.5.0 || 5.0.0 - 7.2.3', '1.9.9', 'admit'],
    ['*', '0.0.1-rc.1', 'admit'],
  ] as const)
    it(`${verdict === 'admit' ? 'lets in' : 'objects to'} ${version} for ${versions}`, () => {
      expect(judged(versions, version)).to.have.property('verdict', verdict);
    });

  it('needs no version of the hub', () => {
    expect(judged('^2.30', '2.31.0')).to.deep.equal({ verdict: 'admit' });
  });

  for (const [wrong, named] of [
    ['not a range', "range('not a range')"],
    ['', "range('')"],
    ['  ', "range('  ')"],
    ['^2.30.z', "range('^2.30.z')"],
    ['\u0000'.repeat(1_000), "range('\\u0000"],
    [undefined, 'range(undefined)'],
    [null, 'range(null)'],
    [2.3, 'range(2.3)'],
    [['^2'], 'range(an object)'],
  ] as const)
    it(`is refused at once for ${JSON.stringify(wrong)?.slice(0, 40)}`, async () => {
      const error = await failure(() => range(wrong as string));
      expect(error.code).to.equal('invalid-option');
      expect(error.message).to.include(named).and.include('semver range');
      expect(error.message.length).to.be.below(300);
    });
});
