import { expect } from 'chai';
import type { BusError } from '../../lib/errors/bus-error.js';
import { Suspicion } from '../../lib/session/suspicion.js';
import type { MakeDetector, Silence } from '../../lib/time/detector.js';
import { noUnhandledRejections } from '../handler/rejections.js';

const timing = { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000 };

/** What comes of a detector: what it is told, what it is asked, and how it fails. */
function trial(make: MakeDetector) {
  const errors: BusError[] = [];
  const suspicion = new Suspicion(timing, make, "worker 'w1'", (error) => errors.push(error));
  return { suspicion, errors };
}

const saying =
  (ms: unknown): MakeDetector =>
  () => ({ heard() {}, suspectAfterMs: () => ms as number });
const failing = () => Promise.reject(new Error('later')) as never;
const boom = () => {
  throw new Error('boom');
};

describe('suspicion', () => {
  noUnhandledRejections();

  for (const [given, held] of [
    [1, 1_000],
    [999.9, 1_000],
    [1_500, 1_500],
    [9_999, 9_999],
    [10_001, 10_000],
    [Number.MAX_VALUE, 10_000],
  ] as const)
    it(`holds ${given} ms to the bounds: ${held}`, () => {
      const { suspicion, errors } = trial(saying(given));
      expect(suspicion.afterMs()).to.equal(held);
      expect(errors).to.deep.equal([]);
    });

  it('asks each time, and tells the detector the times of its session', () => {
    let told: Silence | undefined;
    let ms = 2_000;
    const { suspicion } = trial((silence) => {
      told = silence;
      return { heard() {}, suspectAfterMs: () => ms++ };
    });
    expect([suspicion.afterMs(), suspicion.afterMs()]).to.deep.equal([2_000, 2_001]);
    expect(told).to.deep.equal(timing);
  });

  it('keeps its own times, whatever a detector does to those that it was given', () => {
    const { suspicion, errors } = trial((silence) => {
      (silence as { lostAfterMs: number }).lostAfterMs = 1e9;
      return { heard() {}, suspectAfterMs: () => 1e6 };
    });
    expect(errors).to.have.length(1);
    expect(suspicion.afterMs()).to.equal(3_000);
    expect(timing.lostAfterMs).to.equal(10_000);
  });

  describe('falls back on the fixed deadline, and says so once, when a detector', () => {
    const bad: readonly [what: string, make: MakeDetector, text: RegExp][] = [
      ['throws as it is made', boom, /failed as it was made: boom/],
      ['is none', () => undefined as never, /gave undefined as it was made/],
      ['has no method', () => ({ heard() {} }) as never, /gave \[object Object\] as it was made/],
      ['is a promise that rejects', failing, /gave a promise as it was made/],
      [
        'throws when it is told of a beat',
        () => ({ heard: boom, suspectAfterMs: () => 2_000 }),
        /failed in heard\(\): boom/,
      ],
      [
        'rejects when it is told of a beat',
        () => ({ heard: failing, suspectAfterMs: () => 2_000 }),
        /gave a promise in heard/,
      ],
      [
        'throws when it is asked',
        () => ({ heard() {}, suspectAfterMs: boom }),
        /failed for suspectAfterMs\(\): boom/,
      ],
      [
        'rejects when it is asked',
        () => ({ heard() {}, suspectAfterMs: failing }),
        /gave a promise for suspectAfterMs/,
      ],
      [
        'throws what has no text',
        () => ({
          heard() {},
          suspectAfterMs: () => {
            throw Object.create(null);
          },
        }),
        /cannot be printed/,
      ],
    ];
    for (const [what, make, text] of bad)
      it(what, () => {
        const { suspicion, errors } = trial(make);
        for (let at = 1_000; at <= 3_000; at += 1_000) {
          suspicion.heard(at, at);
          suspicion.afterMs();
        }
        expect(suspicion.afterMs()).to.equal(3_000);
        expect(errors.map(({ code }) => code)).to.deep.equal(['plugin']);
        expect(errors[0]?.message).to.match(text);
        expect(errors[0]?.message).to.match(/worker 'w1'.*; from now on 3000 ms of silence make it suspect$/);
      });

    for (const ms of [
      Number.NaN,
      -1,
      0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      '2000',
      null,
      undefined,
      {},
      2_000n,
    ])
      it(`answers with ${typeof ms === 'object' ? JSON.stringify(ms) : `${typeof ms} ${String(ms)}`}`, () => {
        const { suspicion, errors } = trial(saying(ms));
        expect([suspicion.afterMs(), suspicion.afterMs()]).to.deep.equal([3_000, 3_000]);
        expect(errors.map(({ code }) => code)).to.deep.equal(['plugin']);
      });
  });

  it('names the plugin whose detector failed', () => {
    const { errors } = trial(Object.assign(() => boom(), { plugin: '@acme/phi' }));
    expect(errors[0]?.message).to.match(/^plugin '@acme\/phi': its detector for worker 'w1' failed/);
    expect(errors[0]?.details).to.deep.equal({ plugin: '@acme/phi' });
  });

  it('does not ask a detector again that failed', () => {
    let asked = 0;
    const { suspicion } = trial(() => ({
      heard: () => void asked++,
      suspectAfterMs: () => {
        asked++;
        return -1;
      },
    }));
    suspicion.afterMs();
    suspicion.heard(1_000, 1_000);
    suspicion.afterMs();
    expect(asked).to.equal(1);
  });

  describe('tells the detector of beats', () => {
    function told() {
      const times: number[] = [];
      const { suspicion } = trial(() => ({ heard: (at) => times.push(at), suspectAfterMs: () => 2_000 }));
      return { times, suspicion };
    }

    it('as they come', () => {
      const { times, suspicion } = told();
      suspicion.heard(1_000, 1_500);
      suspicion.heard(2_050, 2_500);
      suspicion.heard(2_990, 3_500);
      expect(times).to.deep.equal([1_000, 2_050, 2_990]);
    });

    it('on a clock that stands still while this process is held up, with one for all that piled up', () => {
      const { times, suspicion } = told();
      suspicion.heard(1_000, 1_500);
      // Held up from 1,200 to 31,500: the tick is 30 s late, and a beat a second has piled up.
      suspicion.stalled(30_000, 32_500);
      for (let beat = 0; beat < 30; beat += 1) suspicion.heard(31_500, 32_500);
      suspicion.heard(32_100, 32_500);
      suspicion.heard(33_100, 33_500);
      suspicion.heard(34_100, 34_500);
      expect(times).to.deep.equal([1_000, 1_500, 3_100, 4_100]);
    });

    it('likewise where what piled up is read before the tick', () => {
      const { times, suspicion } = told();
      suspicion.heard(1_000, 1_500);
      for (let beat = 0; beat < 30; beat += 1) suspicion.heard(31_490, 1_500);
      suspicion.stalled(30_000, 32_500);
      suspicion.heard(31_510, 32_500);
      suspicion.heard(33_100, 33_500);
      expect(times).to.deep.equal([1_000, 1_500, 3_100]);
    });

    it('never with a time that runs backwards', () => {
      const { times, suspicion } = told();
      suspicion.heard(2_300, 1_500);
      suspicion.heard(2_600, 1_500);
      expect(times).to.deep.equal([2_300, 2_300]);
    });
  });
});
