import { expect } from 'chai';
import fc from 'fast-check';
import { ask } from '../lib/ask.js';
import { greetingOf } from '../lib/index.js';
import { policies } from './greetings.js';

const part = fc.oneof(
  fc.nat(40).map(String),
  fc.constantFrom('', '-1', 'x', '*', '00', 'rc', '1e3', `${2 ** 60}`),
);
const nearly = fc
  .tuple(
    fc.constantFrom('', 'v', '=', ' '),
    fc.array(part, { maxLength: 5 }),
    fc.constantFrom('', '-rc.1', '+b', '-', '+'),
  )
  .map(([before, parts, after]) => `${before}${parts.join('.')}${after}`);
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), nearly);
const anything = fc.oneof({ weight: 4, arbitrary: anyText }, { weight: 1, arbitrary: fc.anything() });

describe('No version', () => {
  it('makes a policy throw, whoever names it', async () => {
    await fc.assert(
      fc.asyncProperty(anything, anything, async (worker, hub) => {
        const greeting = greetingOf({ version: worker as string }, hub as string);
        for (const policy of policies) await ask(policy, greeting);
      }),
      { numRuns: 400 },
    );
  });

  it('is both let in by unreadable() and comparable', () => {
    fc.assert(
      fc.property(anyText, (version) => {
        const { worker } = greetingOf({ version });
        const verdicts = policies
          .slice(3, 4)
          .map((policy) => policy.judge(greetingOf({ version }, '2.32.0')));
        expect(verdicts).to.deep.equal([{ verdict: worker.parsed ? 'abstain' : 'admit' }]);
      }),
    );
  });

  it('within the skew is refused by adjacentMinor(), and none outside is let in', async () => {
    const { adjacentMinor } = await import('../lib/index.js');
    const number = fc.nat(30);
    fc.assert(
      fc.property(
        number,
        number,
        number,
        number,
        number,
        number,
        (major, minor, patch, hubMinor, older, newer) => {
          const policy = adjacentMinor({ older, newer });
          const greeting = greetingOf({ version: `${major}.${minor}.${patch}` }, `3.${hubMinor}.1`);
          const fits = major === 3 && minor >= hubMinor - older && minor <= hubMinor + newer;
          expect(policy.judge(greeting)).to.have.property('verdict', fits ? 'admit' : 'object');
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
