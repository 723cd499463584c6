import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { noUnhandledRejections } from '../handler/rejections.js';
import { kindsInAll } from './kind.js';
import { learnt } from './plugins.js';
import { type Outcome, scenario } from './scenario.js';
import type { Report, Shift } from './shift.js';

const seeds = 2_000;
// One core is left to the specs beside it.
const threads = Math.max(1, Math.min(4, availableParallelism() - 1));
// SEED=123 runs that one alone, and prints what happened in it.
const told = process.env.SEED;

const command = (seed: number) =>
  `SEED=${seed} npx mocha --no-config build/spec/simulation/simulation.spec.js -g 'keeps its promises'`;

const shown = ({ seed, kind, violations, lines }: Outcome) =>
  [`seed ${seed} (${kind}); again with its story:`, command(seed), ...lines, ...violations.slice(0, 8)].join(
    '\n',
  );

describe('a simulated fleet', function () {
  this.timeout(600_000);
  noUnhandledRejections();

  it(`keeps its promises through ${seeds} worlds of cuts, stalls, crashes, drains, claims and restarts`, async () => {
    if (told !== undefined) {
      const outcome = await scenario(Number(told), { verbose: true });
      process.stdout.write(`${outcome.lines.join('\n')}\n`);
      return expect(outcome.violations, shown({ ...outcome, lines: [] })).to.deep.equal([]);
    }
    const shifts = Array.from({ length: threads }, (_, index) => shift(index));
    const reports = await Promise.all(shifts);
    for (const { failed } of reports)
      for (const outcome of failed) expect(outcome.violations, shown(outcome)).to.deep.equal([]);
    expect(reports.reduce((sum, report) => sum + report.seeds, 0)).to.equal(seeds);
    // A simulation in which little happens would hold whatever the bus does.
    const rare = happened.filter(
      (what) => reports.reduce((sum, { counts }) => sum + (counts[what] ?? 0), 0) < 20,
    );
    expect(rare).to.deep.equal([]);
  });

  it('asks the detector, where a plugin brings one that learns', async () => {
    learnt.asked = 0;
    for (let seed = 6; seed < 110; seed += kindsInAll) {
      const outcome = await scenario(seed);
      expect(outcome.kind).to.equal('learning');
      expect(outcome.violations, shown(outcome)).to.deep.equal([]);
    }
    expect(learnt.asked).to.be.above(100);
  });

  it('runs the same way twice from one seed, and another way from another', async () => {
    for (let seed = 7; seed < 7 + kindsInAll; seed++) {
      const [first, again, other] = [
        await scenario(seed),
        await scenario(seed),
        await scenario(seed + kindsInAll),
      ];
      expect(again.trace, `seed ${seed}`).to.equal(first.trace);
      expect(other.trace, `seed ${seed + kindsInAll}`).to.not.equal(first.trace);
    }
  });
});

/** What a thread runs: its part of all seeds. */
function shift(turn: number): Promise<Report> {
  const workerData: Shift = { last: seeds, kinds: kindsInAll, turn, turns: threads };
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./shift.js', import.meta.url), { workerData });
    thread.once('message', resolve).once('error', reject);
  });
}

/** What must have come about often enough. */
const happened = [
  ...['send done', 'request done', 'stream done', 'publish done', 'stream given up'].map(
    (it) => `calls ${it}`,
  ),
  ...[
    'peer-lost',
    'timeout',
    'cancelled',
    'overflow',
    'closed',
    'unhandled',
    'draining',
    'no-worker',
  ].flatMap((code) => [`calls send ${code}`, `calls request ${code}`]),
  ...['peer-lost', 'cancelled', 'timeout', 'handler-failed', 'too-large'].map(
    (code) => `calls stream ${code}`,
  ),
  ...['accepted', 'handled', 'faulted', 'expired', 'cancelled', 'lost'].map(
    (fate) => `in all received ${fate}`,
  ),
  ...['unhandled', 'overflow', 'draining', 'cancelled'].map((why) => `in all refused ${why}`),
  ...['refused', 'dropped', 'published', 'accepted', 'undelivered', 'lost', 'expired', 'cancelled'].map(
    (ending) => `in all sent ${ending}`,
  ),
  'in all frames fenced',
  ...[
    'blocked',
    'stalled in time',
    'kept',
    'found, died blocked',
    'found, died at work',
    'suspect by its link',
  ].map((it) => `in all pulse ${it}`),
];
