import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ask } from '../lib/ask.js';
import { greetingOf, type Policy } from '../lib/index.js';
import { hubVersion, policies } from './greetings.js';

const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const table = page.slice(page.indexOf('\n| worker |')).trim().split('\n\n')[0]?.split('\n') ?? [];
const [head = [], , ...rows] = table.map(cellsOf);

/** The policy that a heading names: the defaults need no numbers there. */
const policyOf = (heading: string): Policy => {
  const name = heading
    .replaceAll('`', '')
    .replaceAll('adjacentMinor()', 'adjacentMinor({ older: 1, newer: 0 })');
  const found = policies.find((policy) => policy.name === name);
  if (found === undefined) throw new Error(`no policy ${name}`);
  return found;
};
const versionOf = (cell: string): string | undefined =>
  cell === 'none' ? undefined : cell === 'blank' ? ' ' : cell.replaceAll('`', '');

describe('The table of the README', () => {
  it('has the policies and the workers', () => {
    expect(head).to.have.lengthOf(7);
    expect(rows).to.have.lengthOf(7);
  });

  for (const [versions = '', ...fates] of rows)
    for (const [index, fate] of fates.entries())
      it(`is right about ${versions} at ${head[index + 1]}`, async () => {
        for (const version of versions.split(', ').map(versionOf)) {
          const greeting = greetingOf(version === undefined ? {} : { version }, hubVersion);
          const verdict = await ask(policyOf(head[index + 1] ?? ''), greeting);
          const refused = verdict.verdict === 'object';
          const degraded =
            !refused && ((verdict.reasons ?? []).length > 0 || greeting.worker.parsed === undefined);
          expect(refused ? 'no' : degraded ? 'degraded' : 'in', version).to.equal(fate);
        }
      });
});
