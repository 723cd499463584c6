import { expect } from 'chai';
import * as one from '../../lib/plugin/built-in.js';
import { tokenName } from '../../lib/services/token.js';

describe('built-in tokens', () => {
  it('are the same for two installed copies of the SDK', async () => {
    const other: typeof one = await import(
      `${new URL('../../lib/plugin/built-in.js', import.meta.url)}?copy`
    );
    expect(other).not.to.equal(one);
    expect([other.HUB, other.WORKER, other.PEER]).to.deep.equal([one.HUB, one.WORKER, one.PEER]);
  });

  it('are three, each with a name for people', () => {
    expect([one.HUB, one.WORKER, one.PEER].map(tokenName)).to.deep.equal([
      'drumline.hub',
      'drumline.worker',
      'drumline.peer',
    ]);
  });
});
