import { expect } from 'chai';
import { filter, map } from 'rxjs';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { Kept } from '../../lib/lane/kept.js';
import { Outbox } from '../../lib/lane/outbox.js';
import type { Plugin } from '../../lib/plugin/manifest.js';
import type { MakeDetector } from '../../lib/time/detector.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { phiAccrual } from '../session/phi-accrual.js';
import type { LinkFault } from './machine.js';
import { type Outcome, scenario } from './scenario.js';
import type { WorldOptions } from './world.js';

// SEED=123 runs that one alone, and prints what happened in it.
const told = process.env.SEED;
const seeds = told === undefined ? Array.from({ length: 180 }, (_, index) => index + 1) : [Number(told)];

const shown = ({ seed, violations, lines }: Outcome) =>
  [`run again with SEED=${seed}`, ...lines, ...violations.slice(0, 8)].join('\n');

describe('a simulated fleet', function () {
  this.timeout(60_000);
  noUnhandledRejections();

  it('keeps its promises through cuts, partitions, stalls, crashes and restarts', async () => {
    const codes = new Set<string>();
    for (const seed of seeds) {
      const outcome = await scenario(seed, { verbose: told !== undefined });
      expect(outcome.violations, shown(outcome)).to.deep.equal([]);
      for (const code of Object.keys(outcome.summary)) codes.add(code);
    }
    // A simulation in which little happens would hold whatever the bus does.
    if (told === undefined)
      expect([...codes]).to.include.members([
        'send done',
        'request done',
        'stream done',
        'publish done',
        'send peer-lost',
        'request peer-lost',
        'stream peer-lost',
        'send timeout',
        'request cancelled',
        'stream cancelled',
        'send overflow',
        'request closed',
        'request no-worker',
      ]);
  });

  it('keeps them with a detector that learns, and asks it', async () => {
    let asked = 0;
    const learns = phiAccrual({ leastDeviationMs: 10 });
    const detector: MakeDetector = (timing) => {
      const phi = learns(timing);
      return {
        heard: (at) => phi.heard(at),
        suspectAfterMs: () => {
          const ms = phi.suspectAfterMs();
          if (ms !== timing.suspectAfterMs) asked += 1;
          return ms;
        },
      };
    };
    const plugin: Plugin = {
      manifest: { name: 'phi-accrual', version: '1.0.0', engines: { drumline: '*' } },
      contributes: { detector },
    };
    for (const seed of seeds.slice(0, 30)) {
      const outcome = await scenario(seed, { plugins: [plugin], verbose: told !== undefined });
      expect(outcome.violations, shown(outcome)).to.deep.equal([]);
    }
    expect(asked).to.be.above(100);
  });

  it('runs the same way twice from one seed, and another way from another', async () => {
    const [first, again, other] = [await scenario(7), await scenario(7), await scenario(8)];
    expect(again.trace).to.equal(first.trace);
    expect(other.trace).to.not.equal(first.trace);
  });
});

describe('the simulation finds', function () {
  this.timeout(60_000);
  noUnhandledRejections();

  it('a batch that is lost while its link stays up', () =>
    found(/accepted and never handled|was stuck|never settled/, { fault: eachLink(() => lose(30)) }));

  it('a message that comes again under a new number', () =>
    found(/again|after/, { fault: eachLink(repeat) }));

  it('beats that do not arrive', () =>
    found(/declared lost|is lost long after/, {
      fault: eachLink(() => (frames) => frames.filter(({ kind }) => kind !== 'beat')),
    }));

  it('a resume that sends nothing again', async () => {
    const { replayAll } = Kept.prototype;
    Kept.prototype.replayAll = () => {};
    try {
      await found(/accepted and never handled|was stuck/);
    } finally {
      Kept.prototype.replayAll = replayAll;
    }
  });

  it('an outbox that heeds no credit', async () => {
    const { offer } = Outbox.prototype;
    Outbox.prototype.offer = function (outgoing) {
      this.urgent(outgoing);
      return 'queued';
    };
    try {
      await found(/sees overflow/);
    } finally {
      Outbox.prototype.offer = offer;
    }
  });
});

/** Runs seeds until one shows the fault. */
async function found(expected: RegExp, options: WorldOptions = {}): Promise<void> {
  for (let seed = 1; seed <= 40; seed++) {
    const { violations } = await scenario(seed, options);
    if (violations.some((text) => expected.test(text))) return;
  }
  expect.fail(`40 seeds passed in spite of it (looked for ${expected})`);
}

type Change = (frames: readonly Frame[]) => readonly Frame[];

/** Changes what arrives on each link; each link gets a change of its own. */
const eachLink =
  (make: () => Change): LinkFault =>
  (link) => {
    const change = make();
    const batches$ = link.batches$.pipe(
      map((batch) => change(decodeBatch(batch).frames)),
      filter((frames) => frames.length > 0),
      map((frames) => encodeBatch(frames)),
    );
    return {
      ...link,
      peer: link.peer,
      batches$,
      write: link.write.bind(link),
      close: link.close.bind(link),
      abort: link.abort.bind(link),
    };
  };

/** Loses one batch of data: the one with this count. */
function lose(count: number): Change {
  let seen = 0;
  return (frames) => {
    if (frames.some(({ kind }) => kind === 'message')) seen += 1;
    return seen === count ? [] : frames;
  };
}

/** Lets the tenth message come twice, as a sender would that gives a replay a number of its own. */
function repeat(): Change {
  let seen = 0;
  return (frames) =>
    frames.flatMap((frame): readonly Frame[] => {
      if (frame.kind !== 'message') return [frame];
      seen += 1;
      return seen === 10 ? [frame, { ...frame, seq: frame.seq + 1 }] : [frame];
    });
}
