import { setFlagsFromString } from 'node:v8';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { BusError } from '../../lib/errors/bus-error.js';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Message, Outcome } from '../../lib/frame/frame.js';
import { anyFrames } from './arbitrary.js';
import {
  batch,
  bytes,
  emptyHello,
  emptyMessage,
  emptyOutcome,
  kinds,
  number,
  only,
  roundTrip,
  text,
} from './raw.js';

describe('the codec', () => {
  it('gives back every frame as it was', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        expect(decodeBatch(encodeBatch(frames))).to.deep.equal({ frames, unknown: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it('reads no bytes as a batch without frames', () => {
    expect(decodeBatch(new Uint8Array(0))).to.deep.equal({ frames: [], unknown: 0 });
    expect(encodeBatch([])).to.have.lengthOf(0);
  });

  it('carries payloads of every size around the steps of a length', () => {
    for (const size of [
      0,
      1,
      50,
      95,
      100,
      110,
      127,
      128,
      16_300,
      16_383,
      16_384,
      70_000,
      2 ** 21,
      2 ** 21 + 1,
    ]) {
      const message = { ...emptyMessage, seq: 7, type: 'big', payload: new Uint8Array(size).fill(9) };
      const outcome = { ...emptyOutcome, re: 7, payload: message.payload };
      const frames = [message, outcome];
      const found = decodeBatch(encodeBatch(frames)).frames as (Message | Outcome)[];
      expect(found.map(({ payload }) => Buffer.compare(payload, message.payload))).to.deep.equal([0, 0]);
      expect(found[0]).to.include({ seq: 7, type: 'big' });
      expect(found[1]).to.include({ re: 7 });
    }
  });

  it('writes the shortest lengths, also where a frame turns out longer than was thought', () => {
    for (const id of ['', 'x'.repeat(99), 'é'.repeat(200), 'x'.repeat(20_000)]) {
      const [tag, ...rest] = encodeBatch([{ ...emptyMessage, id }]);
      const body = id === '' ? [] : text(8, id);
      expect([tag, ...rest]).to.deep.equal([...batch(kinds.message, body)]);
    }
  });

  it('gives payloads as views of the batch, plain so that their slice copies', () => {
    const bytes = encodeBatch([{ ...emptyMessage, payload: new Uint8Array([1, 2, 3]) }]);
    const { payload } = only(decodeBatch(bytes)) as Message;
    expect(payload.buffer).to.equal(bytes.buffer);
    expect(Object.getPrototypeOf(payload)).to.equal(Uint8Array.prototype);
  });

  it('makes all messages of one shape, and all outcomes', () => {
    setFlagsFromString('--allow-natives-syntax');
    const sameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
      a: unknown,
      b: unknown,
    ) => boolean;
    const full = {
      ...emptyMessage,
      seq: 2 ** 40,
      type: 'a',
      payload: new Uint8Array(3),
      id: 'b',
      attempt: 3,
    };
    expect(sameMap(roundTrip(emptyMessage), roundTrip(full))).to.equal(true);
    const item = { ...emptyOutcome, seq: 2 ** 40, status: 'item', payload: new Uint8Array(3) } as const;
    expect(sameMap(roundTrip(emptyOutcome), roundTrip(item))).to.equal(true);
  });

  it('tells words of one length apart, ASCII or not', () => {
    const types = [
      'render.a',
      'render.b',
      'xender.a',
      'rander.a',
      'aa',
      'aé',
      '\xe9\xe9',
      '\u{fffd}\u{fffd}',
      'é',
      'z',
    ];
    for (const type of [...types, ...types])
      expect(roundTrip({ ...emptyMessage, type })).to.include({ type });
  });

  it('takes no invalid byte for a character that it has just read', () => {
    for (let code = 0x80; code < 0x100; code += 1) {
      const type = String.fromCharCode(code);
      expect(roundTrip({ ...emptyMessage, type })).to.include({ type });
      const invalid = batch(kinds.message, bytes(2, [code]));
      for (const _ of 'twice') expect(only(decodeBatch(invalid))).to.include({ type: '\u{fffd}' });
    }
  });
});

describe('a number', () => {
  const sent = (seq: number) => (roundTrip({ kind: 'ack', seq }) as { seq: number }).seq;

  it('is made whole as it leaves: rounded up, never negative, never above 2^53 - 1', () => {
    const pairs = [
      [-1, 0],
      [Number.NaN, 0],
      [-0, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [0.1, 1],
      [29_999.5, 30_000],
      [2 ** 32 + 0.5, 2 ** 32 + 1],
      [2 ** 53, Number.MAX_SAFE_INTEGER],
      [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
    ] as const;
    for (const [given, expected] of pairs) expect(sent(given), String(given)).to.equal(expected);
  });

  it('is made whole in an optional field too, where 0 is written', () => {
    const hello = { ...emptyHello, protocolMin: -3, maxPayloadBytes: Number.NaN };
    expect(roundTrip(hello)).to.include({ protocolMin: 0, maxPayloadBytes: 0 });
  });

  it('above 2^53 - 1 is read as that, and the next field is read rightly', () => {
    for (const value of [2n ** 53n, 2n ** 60n, 2n ** 64n - 1n, -1n]) {
      const frame = only(decodeBatch(batch(kinds.credit, [...number(1, value), ...number(2, 5)])));
      expect(frame).to.deep.equal({ kind: 'credit', messages: Number.MAX_SAFE_INTEGER, bytes: 5 });
    }
  });

  it('may be padded with zeros up to ten bytes, and no further', () => {
    const padded = (zeros: number) => batch(kinds.ack, [8, 0x85, ...new Array<number>(zeros).fill(0x80), 0]);
    expect(only(decodeBatch(padded(8)))).to.deep.equal({ kind: 'ack', seq: 5 });
    expect(() => decodeBatch(padded(9))).to.throw(BusError, 'a number is longer than 10 bytes, at byte 5');
  });

  it('of attempts is 1 where none was sent, and 1 is not sent', () => {
    expect(encodeBatch([emptyMessage])).to.deep.equal(batch(kinds.message, []));
    expect(only(decodeBatch(batch(kinds.message, number(7, 0))))).to.include({ attempt: 1 });
    expect(roundTrip({ ...emptyMessage, attempt: 2 })).to.include({ attempt: 2 });
  });

  it('of 32 bits is at most 2^32 - 1, as it leaves and as it arrives', () => {
    const most = 2 ** 32 - 1;
    const bytes = batch(kinds.message, number(7, most));
    expect(encodeBatch([{ ...emptyMessage, attempt: 2 ** 40 }])).to.deep.equal(bytes);
    expect(only(decodeBatch(batch(kinds.message, number(7, 2 ** 40))))).to.include({ attempt: most });
    expect(encodeBatch([{ ...emptyHello, protocolMax: 2 ** 40 }])).to.deep.equal(
      batch(kinds.hello, number(2, most)),
    );
    expect(only(decodeBatch(batch(kinds.hello, number(2, 2 ** 40))))).to.include({ protocolMax: most });
  });
});
