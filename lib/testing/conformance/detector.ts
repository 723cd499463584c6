import { textOf } from '../../errors/bus-error.js';
import type { Detector, MakeDetector, Silence } from '../../time/detector.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

const timings: readonly Silence[] = [
  { intervalMs: 50, suspectAfterMs: 300, lostAfterMs: 1_000 },
  { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000 },
  { intervalMs: 10_000, suspectAfterMs: 11_000, lostAfterMs: 60_000 },
];

/** How many beats a detector is fed, and how much each may be late: so much of an interval. */
const beats = 500;
const jitter = 0.05;

/** The detector of the plugin, by itself. */
export const detectorCases = (subject: Subject): readonly ConformanceCase[] =>
  subject.contributes.detector === undefined
    ? []
    : [
        caseOf(subject, 'its detector suspects nobody who beats regularly', async (trial) =>
          each(trial, regular),
        ),
        caseOf(subject, 'its detector answers with a number whatever it hears', async (trial) =>
          each(trial, odd),
        ),
        caseOf(subject, 'its detector judges each peer by itself', async (trial) => each(trial, apart)),
      ];

type Made = (timing: Silence) => Watched;

function each(trial: Trial, look: (trial: Trial, timing: Silence, made: Made) => void): void {
  const make = trial.subject.make().contributes?.detector as MakeDetector;
  for (const timing of timings) look(trial, timing, (told) => new Watched(trial, make(told), told));
}

/** A detector whose every answer is checked. */
class Watched {
  constructor(
    private readonly trial: Trial,
    private readonly detector: Detector,
    private readonly timing: Silence,
  ) {}

  heard(at: number): this {
    try {
      this.detector.heard(at);
    } catch (thrown) {
      this.trial.fail(`has a detector that throws when it hears a peer at ${at} ms: ${textOf(thrown)}`);
    }
    return this;
  }

  answer(when: string): number {
    let answer: unknown;
    try {
      answer = this.detector.suspectAfterMs();
    } catch (thrown) {
      this.trial.fail(`has a detector that throws when it is asked ${when}: ${textOf(thrown)}`);
    }
    if (typeof answer !== 'number' || !(answer > 0))
      this.trial.fail(
        `has a detector that answers ${String(answer)} ${when}: give milliseconds, more than 0`,
      );
    return Math.min(answer, this.timing.lostAfterMs);
  }
}

function regular(trial: Trial, timing: Silence, made: Made): void {
  const { intervalMs } = timing;
  const detector = made(timing);
  for (let n = 0; n < beats; n++) {
    detector.heard(1_000 + n * intervalMs + (n % 2) * jitter * intervalMs);
    const after = detector.answer(`after ${n + 1} beats`);
    if (after <= intervalMs * (1 + 2 * jitter))
      trial.fail(
        `has a detector that suspects a peer after ${Math.round(after)} ms of silence, when it beats every ` +
          `${intervalMs} ms: leave at least a fifth of an interval for what is late`,
      );
  }
}

function odd(_: Trial, timing: Silence, made: Made): void {
  const { intervalMs, lostAfterMs } = timing;
  made(timing).answer('before it has heard anything');
  const detector = made(timing).heard(0);
  detector.answer('after one beat');
  for (let n = 0; n < 20; n++) detector.heard(intervalMs);
  detector.answer('after 20 beats at once');
  detector.heard(intervalMs + lostAfterMs * 100);
  detector.answer('after a long silence');
  detector.heard(2 ** 52).heard(2 ** 52 + intervalMs);
  detector.answer('late in its life');
  for (let n = 0; n < beats; n++) detector.heard(2 ** 52 + n * intervalMs * ((n % 5) + 0.001));
  detector.answer('after irregular beats');
}

function apart(trial: Trial, timing: Silence, made: Made): void {
  const answers = (others: boolean) => {
    const [one, other] = [made(timing), made(timing)];
    for (let n = 0; n < 100; n++) {
      one.heard(n * timing.intervalMs);
      if (others) other.heard(n * timing.lostAfterMs);
    }
    return one.answer('beside another one');
  };
  if (answers(false) !== answers(true))
    trial.fail(
      'has a detector whose answer for one peer depends on another peer: keep its state inside what it makes',
    );
}
