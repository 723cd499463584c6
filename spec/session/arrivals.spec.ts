import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Chunk, Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { Assembly, Reserve } from '../../lib/lane/assembly.js';
import { Arrivals, type Begun, contradiction, isBegun } from '../../lib/session/arrivals.js';
import { fresh, nothingReceived } from '../../lib/session/numbering.js';
import { Dock, KiB, message, outcome, payload } from '../lane/dock.js';

const MiB = KiB * KiB;

describe('an assembly', () => {
  it('gives the same bytes however they were cut, and takes no more memory than four times what came', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(cuts, (lengths) => {
        const whole = payload(lengths.reduce((sum, length) => sum + length, 0));
        const assembly = new Assembly(whole.length);
        let at = 0;
        for (const length of lengths) {
          expect(assembly.complete).to.equal(false);
          expect(assembly.add(whole.subarray(at, at + length))).to.equal(true);
          at += length;
          expect(assembly.allocated).to.be.at.most(Math.min(whole.length, 4 * at));
        }
        expect(assembly.complete).to.equal(true);
        expect(Buffer.compare(assembly.payload, whole)).to.equal(0);
        expect(assembly.add(new Uint8Array(1)), 'one byte more').to.equal(false);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps none of the batch alive that a part came in', () => {
    const batch = new Uint8Array(MiB);
    const assembly = new Assembly(10);
    assembly.add(batch.subarray(0, 10));
    expect(assembly.payload.buffer).to.have.property('byteLength', 10);
  });
});

describe('what arrives in parts', () => {
  const begun = (seq: number, size: number, bytes = 0) =>
    ({ ...message('t', bytes).frame, seq, size }) as Begun<Message>;
  const chunk = (seq: number, re: number, bytes: number): Chunk => ({
    kind: 'chunk',
    seq,
    re,
    payload: payload(bytes),
    outcome: false,
  });
  const rig = (capacity: number) => {
    const reserve = new Reserve(capacity);
    const arrived: { frame: Message; reserved: number }[] = [];
    return { reserve, arrived, arrivals: new Arrivals<Message>(reserve, (each) => arrived.push(each)) };
  };

  it('has its whole size reserved with the first part, and is not taken where that finds no room', () => {
    const { reserve, arrivals } = rig(100 * KiB);
    expect(arrivals.begin(begun(1, 60 * KiB))).to.equal(true);
    expect(arrivals.begin(begun(2, 60 * KiB))).to.equal(false);
    expect(reserve.used).to.equal(60 * KiB);
    expect(arrivals.add(chunk(3, 2, 100)), 'parts of what was refused').to.equal(undefined);
    arrivals.drop(1);
    expect(reserve.used).to.equal(0);
    expect(arrivals.begin(begun(4, 60 * KiB))).to.equal(true);
  });

  it('takes no memory for what was only declared: 1,000 sessions with 64 MiB each', () => {
    const reserve = new Reserve(Number.POSITIVE_INFINITY);
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 1_000; n += 1) {
      const arrivals = new Arrivals<Message>(reserve, () => expect.fail());
      expect(arrivals.begin(begun(1, 64 * MiB, 10))).to.equal(true);
    }
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(10 * MiB);
    expect(reserve.used).to.equal(64_000 * MiB);
  });

  it('reserves something for the smallest, so that nobody can have millions of them remembered', () => {
    const { reserve, arrivals } = rig(64 * KiB);
    let taken = 0;
    while (taken < 1_000 && arrivals.begin(begun(taken + 1, 2, 1))) taken += 1;
    expect(taken).to.equal(16);
    arrivals.dropAll();
    expect(reserve.used).to.equal(0);
  });

  it('is given up when more comes than was declared, and ignored from then on', () => {
    const { reserve, arrivals, arrived } = rig(MiB);
    arrivals.begin(begun(1, 100, 50));
    expect(arrivals.add(chunk(2, 1, 51))).to.include({ seq: 1 });
    expect(arrivals.add(chunk(3, 1, 50))).to.equal(undefined);
    expect([reserve.used, arrived.length, arrivals.size]).to.deep.equal([0, 0, 0]);
  });

  it('stays reserved when it is whole, and what comes after it is ignored', () => {
    const { reserve, arrivals, arrived } = rig(MiB);
    arrivals.begin(begun(1, 100_000, 99_999));
    arrivals.add(chunk(2, 1, 1));
    expect(arrivals.add(chunk(3, 1, 1))).to.equal(undefined);
    expect(arrived).to.have.lengthOf(1);
    expect(arrived[0]?.frame).to.not.have.property('size');
    expect([reserve.used, arrived[0]?.reserved]).to.deep.equal([100_000, 100_000]);
    arrivals.begin(begun(4, 5, 5));
    expect(arrived, 'a beginning that is all').to.have.lengthOf(2);
  });

  it('contradicts itself in an empty part, a part of what has not come, a beginning over its size', () => {
    expect(contradiction(chunk(2, 1, 1))).to.equal(undefined);
    expect(contradiction(begun(1, 5, 5))).to.equal(undefined);
    expect(contradiction(begun(1, 4, 5))).to.include({ code: 'protocol' });
    expect(contradiction(chunk(2, 1, 0))).to.include({ code: 'protocol' });
    for (const re of [2, 3]) expect(contradiction(chunk(2, re, 1))).to.include({ code: 'protocol' });
  });

  it('counts against credit only by the bytes of messages', () => {
    const frames: Frame[] = [begun(1, 100, 40), chunk(2, 1, 60), { ...chunk(3, 9, 500), outcome: true }];
    const step = fresh(frames, nothingReceived);
    expect(step.received).to.deep.equal({ seq: 3, messages: 1, bytes: 100 });
    const again = fresh([...frames, chunk(4, 1, 1)], step.received);
    expect([again.duplicates, again.frames.length]).to.deep.equal([3, 1]);
    expect(() => fresh([chunk(0, 0, 1)], nothingReceived)).to.throw(/without a number/);
  });
});

/** The other side of a dock: takes batches as a session does, and notes what is whole. */
class Quay {
  readonly reserve = new Reserve(Number.POSITIVE_INFINITY);
  readonly whole: (Message | Outcome)[] = [];
  received = nothingReceived;
  readonly #messages = new Arrivals<Message>(this.reserve, (arrived) => this.#take(arrived));
  readonly #outcomes = new Arrivals<Outcome>(this.reserve, (arrived) => this.#take(arrived));

  take(batch: readonly Frame[]): void {
    const step = fresh(batch, this.received);
    this.received = step.received;
    for (const frame of step.frames) {
      if (frame.kind === 'chunk') {
        const over = frame.outcome ? this.#outcomes.add(frame) : this.#messages.add(frame);
        expect(contradiction(frame) ?? over).to.equal(undefined);
      } else if (frame.kind === 'message' && isBegun(frame)) this.#messages.begin(frame);
      else if (frame.kind === 'outcome' && isBegun(frame)) this.#outcomes.begin(frame);
      else if (frame.kind === 'message' || frame.kind === 'outcome') this.whole.push(frame);
    }
  }

  resumed(): void {
    this.#messages.dropAll(({ expects }) => expects === 'nothing');
  }

  #take({ frame, reserved }: { frame: Message | Outcome; reserved: number }): void {
    this.reserve.give(reserved);
    this.whole.push(frame);
  }
}

describe('large and small payloads between two sides', () => {
  const size = fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 60 * KiB, max: 300 * KiB }),
    fc.constantFrom(64 * KiB, 64 * KiB + 1, 128 * KiB, 192 * KiB),
  );
  const parcel = fc.record({
    kind: fc.constantFrom('send', 'send', 'publish', 'outcome'),
    line: fc.integer({ min: 1, max: 3 }),
    size,
  });
  /** What happens next: so many batches arrive, or the link is cut while one is under way, or something is sent. */
  const step = fc.oneof(
    fc.record({ do: fc.constant('arrive' as const), batches: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('cut' as const), acked: fc.boolean() }),
    fc.record({ do: fc.constant('send' as const), parcel }),
  );

  it('come out the same, once and in order of their type, through any interleaving, cut and replay', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(parcel, { maxLength: 6 }),
        fc.array(step, { maxLength: 24 }),
        async (first, steps) => {
          const dock = new Dock().open(1e6, 1e12);
          const quay = new Quay();
          const sent: { what: string; kept: boolean; bytes: Uint8Array }[] = [];
          let salt = 0;
          const send = ({ kind, line, size }: { kind: string; line: number; size: number }) => {
            salt += 1;
            const kept = kind !== 'publish';
            const what = kind === 'outcome' ? `o${line}` : `t${line}`;
            sent.push({ what, kept, bytes: payload(size, salt) });
            if (kind === 'outcome') dock.send(outcome(line, size, 'item', salt));
            else dock.send(message(what, size, kept, salt));
          };
          first.forEach(send);
          for (const each of steps) {
            if (each.do === 'send') send(each.parcel);
            else if (each.do === 'arrive') {
              for (let n = 0; n < each.batches; n += 1) quay.take((await dock.next()) ?? []);
              dock.box.acked(quay.received.seq - 1);
            } else {
              if (each.acked) dock.box.acked(quay.received.seq);
              // It had left, and does not arrive.
              await dock.next();
              dock.box.detach();
              dock.link();
              dock.box.resume(quay.received, { messages: 1e6, bytes: 1e12 });
              quay.resumed();
            }
          }
          for (let batch = await dock.next(); batch !== undefined; batch = await dock.next())
            quay.take(batch);

          const came = quay.whole.map((frame) => ({
            what: frame.kind === 'message' ? frame.type : `o${(frame as Outcome).re}`,
            bytes: frame.payload,
          }));
          for (const what of new Set(sent.map((each) => each.what))) {
            const mine = came.filter((each) => each.what === what).map(({ bytes }) => Buffer.from(bytes));
            let next = 0;
            for (const { kept, bytes } of sent.filter((each) => each.what === what)) {
              if (mine[next]?.equals(bytes)) next += 1;
              else if (kept)
                expect.fail(`a kept one of ${bytes.length} bytes of ${what} did not come in its turn`);
            }
            expect(next, `what came of ${what} that was not sent, or twice`).to.equal(mine.length);
          }
          expect(quay.reserve.used).to.equal(0);
          expect([dock.mostParts <= 1, dock.box.idle, dock.box.queued]).to.deep.equal([true, true, 0]);
          dock.box.acked(1e9);
          expect([dock.box.owed.bytes, dock.box.due, dock.box.unacked]).to.deep.equal([0, 0, 0]);
        },
      ),
      { numRuns: 80 },
    );
  });
});
