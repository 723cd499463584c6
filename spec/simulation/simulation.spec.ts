import { expect } from 'chai';
import { noUnhandledRejections } from '../handler/rejections.js';
import { type Outcome, scenario } from './scenario.js';

const told = process.env.SEED;
const seeds = told === undefined ? Array.from({ length: 300 }, (_, i) => i + 1) : [Number(told)];

const shown = ({ seed, violations, lines }: Outcome) =>
  [`SEED=${seed}`, ...violations.slice(0, 5), ...lines].join('\n');

describe('a simulated fleet', function () {
  this.timeout(60_000);
  noUnhandledRejections();

  it('keeps its promises through cuts, partitions, stalls, crashes and restarts', async () => {
    for (const seed of seeds) {
      const outcome = await scenario(seed, { verbose: told !== undefined });
      expect(outcome.violations, shown(outcome)).to.deep.equal([]);
    }
  });
});
