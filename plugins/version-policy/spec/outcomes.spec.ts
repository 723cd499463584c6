import { expect } from 'chai';
import { ask } from '../lib/ask.js';
import { greetingOf, type Verdict } from '../lib/index.js';
import { hubVersion, policies, type Row, rows } from './greetings.js';

const markOf = (verdict: Verdict) => {
  if (verdict.verdict === 'object') return 'O';
  if ((verdict.reasons ?? []).length > 0) return 'D';
  return verdict.verdict === 'admit' ? 'A' : '-';
};

const greeted = ({ version }: Row, hub?: string) =>
  greetingOf({ worker: 'w1', version: version as string }, hub);

describe('Each policy', () => {
  for (const row of rows)
    it(`has its verdict on a version that is ${row.name}`, async () => {
      const marks = [];
      for (const policy of policies) marks.push(markOf(await ask(policy, greeted(row, hubVersion))));
      expect(marks.join(' ')).to.equal(row.marks.join(' '));
    });

  for (const row of rows)
    it(`has short texts, on one line, of a version that is ${row.name}`, async () => {
      for (const policy of policies) {
        const verdict = await ask(policy, greeted(row, hubVersion));
        const texts =
          verdict.verdict === 'object' ? [verdict.reason, verdict.remedy ?? ''] : (verdict.reasons ?? []);
        for (const text of texts) expect(text.length, text.slice(0, 500)).to.be.below(500);
        for (const text of texts) expect(text).to.not.match(/\p{Cc}|\p{Cs}/u);
      }
    });

  it('takes no time over the largest', async () => {
    const large = ['\u0000', ' ', '1'].map((character) => character.repeat(20_000_000));
    const begin = performance.now();
    for (const version of large)
      for (const policy of policies) await ask(policy, greetingOf({ worker: version, version }, hubVersion));
    expect(performance.now() - begin).to.be.below(5_000);
  });

  for (const [hub, says] of [
    [undefined, /createHub\(\{ version \}\) is missing/],
    ['', /createHub\(\{ version \}\) is missing/],
    ['latest', /the hub's own version 'latest' is not a semantic version/],
    ['2.32', /the hub's own version '2.32' is not a semantic version/],
  ] as const)
    it(`that compares objects to everybody at a hub of version ${JSON.stringify(hub)}, and says whose fault it is`, async () => {
      for (const policy of policies.filter(({ name }) => /^(exact|adjacentMinor)/.test(name)))
        for (const row of rows) {
          const verdict = await ask(policy, greeted(row, hub));
          if (verdict.verdict !== 'object') return expect.fail(`${policy.name} let ${row.name} in`);
          expect(verdict.reason).to.match(says);
          expect(verdict.remedy).to.match(/createHub\(\{ version \}\)/);
        }
    });

  for (const [name, says] of [
    ['absent', /the worker names no version/],
    ['blank', /the worker names no version/],
    ["'-1'", /the worker's version '-1' is not a semantic version/],
    ['a million blanks', /the worker's version is longer than 256 characters/],
  ] as const)
    it(`that needs a version says what is wrong with one that is ${name}, and what to do`, async () => {
      const row = rows.find((each) => each.name === name) as Row;
      for (const policy of policies.slice(0, 3)) {
        const verdict = await ask(policy, greeted(row, hubVersion));
        if (verdict.verdict !== 'object') return expect.fail(`${policy.name} let it in`);
        expect(verdict.reason).to.match(says);
        expect(verdict.remedy).to.match(/give createWorker\(\{ version \}\) a semantic version/);
      }
    });
});
