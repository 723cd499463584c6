import { expect } from 'chai';
import * as fc from 'fast-check';
import { BusError } from '../../lib/errors/bus-error.js';
import { type Decoded, decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import { anyFrame, anyFrames } from './arbitrary.js';
import {
  batch,
  bytes,
  emptyHello,
  emptyMessage,
  kinds,
  number,
  only,
  roundTrip,
  text,
  varint,
} from './raw.js';

/** Decodes, or gives the error, which must be the one that the codec may throw. */
function attempt(bytes: Uint8Array): Decoded | undefined {
  try {
    return decodeBatch(bytes);
  } catch (thrown) {
    if (!BusError.is(thrown, 'protocol')) throw thrown;
    expect(thrown.message).to.match(/^not a batch: .+, at byte \d+$/);
    return undefined;
  }
}

describe('malformed bytes', () => {
  const message = [...number(1, 1), ...text(2, 'render')];
  const cases: readonly (readonly [string, readonly number[], string])[] = [
    ['a cut number', [0x0a, 0x80], 'a number is cut off, at byte 1'],
    ['a length past the end', [0x0a, 5, 0, 0], 'a length of 5 bytes where 2 are left, at byte 2'],
    ['a huge length', [0x0a, ...varint(2n ** 64n - 1n)], `a length of ${Number.MAX_SAFE_INTEGER} bytes`],
    [
      'a length past its own message',
      [0x0a, 4, 0x62, 5, 8, 1, 0x12, 3, 1, 1, 1],
      'a length of 5 bytes where 2 are left',
    ],
    ['field number 0', [0x02, 0], 'no field has the tag 2, at byte 1'],
    ['a tag of more than 32 bits', varint(2 ** 33), 'no field has the tag 8589934592'],
    ['the start of a group', [11 * 8 + 3, 11 * 8 + 4], 'wire type 3 is not used, at byte 1'],
    ['the end of a group', [...batch(12, [...message, 12])], 'wire type 4 is not used'],
    ['wire type 6', [0x0e], 'wire type 6 is not used'],
    ['wire type 7', [0x0f], 'wire type 7 is not used'],
    ['a cut fixed64', [0x11, 1, 2, 3, 4, 5, 6, 7], 'a field of 8 bytes is cut off, at byte 1'],
    ['a cut fixed32', [0x15, 1, 2, 3], 'a field of 4 bytes is cut off'],
  ];
  for (const [what, given, why] of cases) {
    it(`are refused with the reason and the place: ${what}`, () => {
      expect(() => decodeBatch(Buffer.from(given)))
        .to.throw(BusError, why)
        .with.property('code', 'protocol');
    });
  }

  it('never make it read what lies behind the batch', () => {
    const whole = encodeBatch([{ ...emptyMessage, type: 'render', payload: new Uint8Array(200) }]);
    expect(() => decodeBatch(whole.subarray(0, whole.length - 1))).to.throw(BusError, 'not a batch');
    const plain = new Uint8Array(whole.buffer, whole.byteOffset, whole.length - 1);
    expect(() => decodeBatch(plain)).to.throw(BusError, 'not a batch');
  });

  it('in a string are replaced, not refused', () => {
    const refusal = only(decodeBatch(batch(kinds.refusal, bytes(2, [0x61, 0xc3, 0x28, 0xff]))));
    expect(refusal).to.include({ message: 'a\u{fffd}(\u{fffd}' });
    expect(roundTrip({ kind: 'cancel', re: 1, reason: 'a\ud800b' })).to.include({ reason: 'a\u{fffd}b' });
  });

  it('of a batch cut at any byte are a batch or a protocol error', () => {
    const frames = fc.sample(anyFrame, { numRuns: 60, seed: 3 });
    const whole = encodeBatch(frames);
    let refused = 0;
    for (let end = 0; end < whole.length; end += 1) {
      const found = attempt(whole.subarray(0, end));
      if (found === undefined) refused += 1;
      else expect(found.frames).to.deep.equal(frames.slice(0, found.frames.length));
    }
    expect(refused).to.be.greaterThan(whole.length - frames.length - 1);
  });

  it('at random are a batch or a protocol error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => void attempt(random)),
      { numRuns: 5000 },
    );
    const body = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        body,
        (kind, random) => void attempt(batch(kind, [...random])),
      ),
      { numRuns: 5000 },
    );
  });

  it('from a batch with bytes changed, put in or taken out are a batch or a protocol error', () => {
    const change = fc.record({ at: fc.nat(), out: fc.nat(2), put: fc.uint8Array({ maxLength: 2 }) });
    fc.assert(
      fc.property(anyFrames, fc.array(change, { minLength: 1, maxLength: 3 }), (frames, changes) => {
        const all = [...encodeBatch(frames)];
        for (const { at, out, put } of changes) all.splice(at % (all.length + 1), out, ...put);
        attempt(Uint8Array.from(all));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a hello', () => {
  const read = (body: readonly number[]) => only(decodeBatch(batch(kinds.hello, body)));

  it('is read whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (random) => {
        expect(read([...random])).to.include({ kind: 'hello' });
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps what stands before the malformed place, and the frames behind it', () => {
    const good = [...text(6, 'w1'), ...number(1, 3)];
    const malformed = [
      [0x82],
      [0x2a, 50, 1],
      [0x0b],
      [0x02],
      [0x80, 0x80],
      text(9, 'x').slice(0, 2),
      [0x72, 9],
    ];
    for (const bad of malformed) {
      const found = decodeBatch(
        Buffer.concat([batch(kinds.hello, [...good, ...bad]), batch(kinds.drain, [])]),
      );
      const expected = { ...emptyHello, worker: 'w1', protocolMin: 3 };
      expect(found, String(bad)).to.deep.equal({ frames: [expected, { kind: 'drain' }], unknown: 0 });
    }
  });

  it('leaves out a malformed part whose end is known, and reads on', () => {
    const body = [
      ...bytes(14, [...number(1, 7), 0x10]),
      ...bytes(15, [0x0b]),
      ...bytes(8, [...text(1, 'gpu'), 0x12, 9, 1]),
      ...bytes(8, [...text(1, 'os'), ...text(2, 'linux')]),
      ...text(6, 'w1'),
    ];
    expect(read(body)).to.deep.equal({ ...emptyHello, labels: { os: 'linux' }, worker: 'w1' });
  });

  it('leaves out fields of the wrong wire type', () => {
    const strange = [
      ...text(1, 'three'),
      ...number(3, 1),
      ...number(8, 1),
      ...number(9, 1),
      ...number(14, 1),
    ];
    expect(read(strange)).to.deep.equal(emptyHello);
  });

  it('is strict again for the frames behind it', () => {
    const both = Buffer.concat([batch(kinds.hello, [0x0b]), batch(kinds.ack, [8])]);
    expect(() => decodeBatch(both)).to.throw(BusError, 'a number is cut off');
  });
});
