import { expect } from 'chai';
import { staysCalm } from './calm.js';
import { Child } from './child.js';

describe('a program that closes its hub and its workers', function () {
  // A handler of it heeds no signal: it is abandoned after 5 s.
  this.timeout(20_000);
  staysCalm();
  for (const order of ['hub first', 'workers first'])
    it(`ends by itself, with every call settled: ${order}`, async () => {
      const child = new Child('both', order);
      try {
        const { results } = await child.tells('results', (told) => 'results' in told, 12_000);
        expect(results).to.deep.equal(['rejected', 'rejected', 'rejected']);
        expect(await child.exited(3_000)).to.deep.equal({ code: 0, signal: null });
      } finally {
        await child.end();
      }
    });
});
