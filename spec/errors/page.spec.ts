import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { codes } from '../../lib/errors/code.js';
import { root } from '../house/sources.js';

describe('The page of errors', () => {
  it('has the row of every code, as the table in the code has it, and no other', () => {
    const rows = readFileSync(join(root, 'docs/errors.md'), 'utf8')
      .split('## Details')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `'));
    const expected = Object.entries(codes).map(
      ([code, { retryable, meaning, remedy }]) =>
        `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${meaning} | ${remedy} |`,
    );
    expect(rows).to.deep.equal(expected);
  });
});
