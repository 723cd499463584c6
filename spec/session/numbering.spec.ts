import { expect } from 'chai';
import fc from 'fast-check';
import type { Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { fresh, nothingReceived } from '../../lib/session/numbering.js';

const message = (seq: number, bytes = 1): Message => ({
  kind: 'message',
  seq,
  type: 't',
  payload: new Uint8Array(bytes),
  expects: 'nothing',
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});
const outcome = (seq: number): Outcome => ({
  kind: 'outcome',
  seq,
  re: 1,
  status: 'done',
  payload: new Uint8Array(9),
  codec: '',
});
const beat: Frame = { kind: 'drain' };

describe('fresh', () => {
  it('counts messages and their bytes, and outcomes by number alone', () => {
    const step = fresh([message(1, 10), outcome(2), message(3, 5)], nothingReceived);
    expect(step.received).to.deep.equal({ seq: 3, messages: 2, bytes: 15 });
    expect(step.duplicates).to.equal(0);
  });

  it('leaves out what was received before, and counts it no second time', () => {
    const received = { seq: 5, messages: 4, bytes: 40 };
    const step = fresh([message(4), outcome(5), message(6, 2)], received);
    expect(step.frames).to.deep.equal([message(6, 2)]);
    expect(step.received).to.deep.equal({ seq: 6, messages: 5, bytes: 42 });
    expect(step.duplicates).to.equal(2);
  });

  it('leaves out a number that comes twice in one batch', () => {
    expect(fresh([message(1), message(1)], nothingReceived).frames).to.have.length(1);
  });

  it('takes a gap for what was not kept, and goes on', () => {
    const step = fresh([message(3), message(9)], nothingReceived);
    expect(step.frames).to.have.length(2);
    expect(step.received).to.deep.equal({ seq: 9, messages: 2, bytes: 2 });
  });

  it('lets control frames pass, which have no number', () => {
    const frames = [beat, message(1), beat];
    expect(fresh(frames, { seq: 7, messages: 7, bytes: 7 }).frames).to.deep.equal([beat, beat]);
  });

  it('gives the same array where nothing was left out', () => {
    const frames = [beat, message(1)];
    expect(fresh(frames, nothingReceived).frames).to.equal(frames);
  });

  it('does not take a data frame without a number', () => {
    expect(() => fresh([message(0)], nothingReceived)).to.throw(/without a number/);
  });

  it('lets each number pass once, in ascending order, however a replay overlaps', () => {
    const batches = fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }), { maxLength: 20 });
    fc.assert(
      fc.property(batches, (all) => {
        let received = nothingReceived;
        const passed: number[] = [];
        for (const numbers of all) {
          const step = fresh(
            numbers.map((seq) => message(seq)),
            received,
          );
          ({ received } = step);
          passed.push(...step.frames.map((frame) => (frame as Message).seq));
        }
        expect(passed).to.deep.equal([...new Set(passed)].sort((a, b) => a - b));
        expect(received).to.deep.equal({
          seq: passed.at(-1) ?? 0,
          messages: passed.length,
          bytes: passed.length,
        });
      }),
    );
  });
});
