import { expect } from 'chai';
import { adjacentMinor, greetingOf, type MinorSkew } from '../lib/index.js';
import { failure } from './moment.js';

const judged = (skew: MinorSkew | undefined, version: string, hub: string) =>
  adjacentMinor(skew).judge(greetingOf({ version }, hub));

describe('adjacentMinor()', () => {
  for (const [skew, version, hub, verdict] of [
    [undefined, '2.31.0', '2.32.0', 'admit'],
    [undefined, '2.32.9', '2.32.0', 'admit'],
    [undefined, '2.30.9', '2.32.0', 'object'],
    [undefined, '2.33.0', '2.32.0', 'object'],
    [undefined, '2.33.0-rc.1', '2.32.0', 'object'],
    [undefined, '2.31.0-rc.1', '2.32.0', 'admit'],
    [undefined, '2.32.0', '2.33.0-rc.1', 'admit'],
    [undefined, '10.1.0', '10.12.0', 'object'],
    [undefined, '1.31.0', '2.32.0', 'object'],
    [undefined, '2.0.0', '2.0.5', 'admit'],
    [{ older: 0 }, '2.31.0', '2.32.0', 'object'],
    [{ older: 0 }, '2.32.3', '2.32.0', 'admit'],
    [{ older: 3 }, '2.29.0', '2.32.0', 'admit'],
    [{ older: 3 }, '2.28.0', '2.32.0', 'object'],
    [{ newer: 1 }, '2.33.0', '2.32.0', 'admit'],
    [{ newer: 1 }, '2.31.0', '2.32.0', 'admit'],
    [{ newer: 1 }, '2.34.0', '2.32.0', 'object'],
    [{ older: 99 }, '2.0.0', '2.32.0', 'admit'],
    [{ older: 99, newer: 99 }, '3.0.0', '2.99.0', 'object'],
  ] as const)
    it(`${verdict === 'admit' ? 'lets in' : 'objects to'} ${version} at ${hub} with ${JSON.stringify(skew ?? {})}`, () => {
      expect(judged(skew, version, hub)).to.have.property('verdict', verdict);
    });

  for (const [skew, version, text] of [
    [
      {},
      '2.30.0',
      'it is 2 minor versions older than the hub, and at most 1 is let in: run the worker from 2.31 to 2.32',
    ],
    [
      {},
      '2.33.0',
      'it is 1 minor version newer than the hub, and none is let in: upgrade the hub first, or run the worker from 2.31 to 2.32',
    ],
    [{ older: 0 }, '3.1.0', "its major version is 3, the hub's 2: run the worker at 2.32"],
    [
      { older: 50, newer: 2 },
      '1.1.0',
      "its major version is 1, the hub's 2: run the worker from 2.0 to 2.34",
    ],
  ] as const)
    it(`says to ${version} which versions there are with ${JSON.stringify(skew)}`, () => {
      const verdict = judged(skew, version, '2.32.0') as { reason: string; remedy: string };
      expect(`${verdict.reason}: ${verdict.remedy}`).to.equal(text);
    });

  it('is named by what it lets in', () => {
    expect(adjacentMinor({ older: 2 }).name).to.equal('adjacentMinor({ older: 2, newer: 0 })');
  });

  for (const option of ['older', 'newer'])
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, {}])
      it(`takes no ${JSON.stringify(value)} (${typeof value}) for ${option}`, async () => {
        const error = await failure(() => adjacentMinor({ [option]: value } as MinorSkew));
        expect(error.code).to.equal('invalid-option');
        expect(error.message).to.include(`adjacentMinor({ ${option} })`);
      });
});
