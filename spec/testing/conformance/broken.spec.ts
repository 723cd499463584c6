import { expect } from 'chai';
import { conformance } from '../../../lib/testing/conformance/conformance.js';
import { broken } from './broken/all.js';
import { type Broken, open } from './broken/case.js';
import { failed, verdicts } from './outcome.js';

const nameOf = ({ make }: Broken): string => {
  try {
    return make().manifest.name;
  } catch {
    return '(without a name)';
  }
};

describe('The conformance kit finds', function () {
  this.timeout(30_000);
  const { max } = Math;

  afterEach(() => {
    for (const server of open.servers.splice(0)) server.close();
    for (const timer of open.timers.splice(0)) clearInterval(timer);
    process.removeAllListeners('SIGUSR2');
    Math.max = max;
    delete process.env.CONFORMANCE_SPEC;
  });

  for (const each of broken)
    it(`that ${each.what}, and nothing else`, async () => {
      const found = failed(
        await verdicts(conformance(each.make, { limitMs: 3_000, loadMs: 200, ...each.options })),
      );
      expect(found.map(({ name }) => name)).to.have.members(Object.keys(each.finds));
      const name = nameOf(each);
      for (const { name: rule, text } of found)
        expect(text)
          .to.include(`plugin '${name}'`)
          .and.match(each.finds[rule] as RegExp);
    });
});
