import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { type ThreadsOptions, threads } from '../lib/index.js';
import { settingsOf } from '../lib/option.js';

describe('The options of threads', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ threads: 0 }, /threads must be a positive integer, not 0/],
    [{ threads: 1.5 }, /threads must/],
    [{ threads: 2, minThreads: 3 }, /minThreads must be an integer from 0 to threads \(2\), not 3/],
    [{ minThreads: -1 }, /minThreads must/],
    [{ maxQueued: -1 }, /maxQueued must be an integer of 0 or more, not -1/],
    [{ maxQueued: Number.POSITIVE_INFINITY }, /maxQueued must/],
    [{ idleTimeoutMs: -1 }, /idleTimeoutMs must be milliseconds or Infinity/],
    [{ endAfterMs: Number.POSITIVE_INFINITY }, /endAfterMs must be milliseconds, not Infinity/],
    [{ endAfterMs: '1s' }, /endAfterMs must be milliseconds, not '1s'/],
    [{ resourceLimits: { maxHeapMb: 1 } }, /resourceLimits are .*, not maxHeapMb 1/],
    [{ resourceLimits: { stackSizeMb: 0 } }, /not stackSizeMb 0/],
    [{ env: { A: 1 } }, /env: 'A' must be a text, not 1/],
    [{ execArgv: '--no-warnings' }, /execArgv must be a list of texts/],
    [{ workerData: () => {} }, /workerData cannot be copied into a thread/],
    [{ thread: 1 }, /there is no option 'thread'; there are threads, /],
  ];
  for (const [options, text] of wrong)
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(() => threads(options as ThreadsOptions))
        .to.throw(text)
        .that.satisfies((error: unknown) => BusError.is(error, 'invalid-option'));
    });

  it('have defaults that leave a processor to the event loop', () => {
    const { threads: most, ...rest } = settingsOf({});
    expect(most).to.be.at.least(1);
    expect(rest).to.deep.equal({
      minThreads: 0,
      maxQueued: 1_024,
      idleTimeoutMs: 30_000,
      endAfterMs: 1_000,
      worker: {},
    });
  });

  it('can say that idle threads never end, and that a deaf one ends at once', () => {
    const settings = settingsOf({ idleTimeoutMs: Number.POSITIVE_INFINITY, endAfterMs: 0 });
    expect(settings).to.include({ idleTimeoutMs: Number.POSITIVE_INFINITY, endAfterMs: 0 });
  });
});
