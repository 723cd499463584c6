import { expect } from 'chai';
import { decodeBatch } from '../../lib/frame/codec.js';
import type { Hello, Message } from '../../lib/frame/frame.js';
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
  varint,
} from './raw.js';

describe('what is unknown', () => {
  it('is left out and counted if it is the kind of a frame', () => {
    const bytesOf = [
      ...batch(60, text(1, 'a later kind')),
      ...batch(200, []),
      ...bytes(1, []),
      ...bytes(1, number(12, 1)),
      ...batch(kinds.drain, []),
    ];
    expect(decodeBatch(Buffer.from(bytesOf))).to.deep.equal({ frames: [{ kind: 'drain' }], unknown: 4 });
  });

  it('is skipped if it is a field, in every wire type and at every level', () => {
    const fields = [
      ...number(1000, 2 ** 40),
      ...[...varint(1001 * 8 + 1), 1, 2, 3, 4, 5, 6, 7, 8],
      ...text(1002, 'later'),
      ...[...varint(1003 * 8 + 5), 1, 2, 3, 4],
    ];
    const frame = [...fields, ...bytes(kinds.ack, [...fields, ...number(1, 3), ...fields]), ...fields];
    const found = decodeBatch(Buffer.from([...fields, ...bytes(1, frame), ...fields]));
    expect(found).to.deep.equal({ frames: [{ kind: 'ack', seq: 3 }], unknown: 0 });
    const refusal = only(
      decodeBatch(batch(kinds.refusal, [...fields, ...text(1, 'x'), ...bytes(5, fields)])),
    );
    expect(refusal).to.deep.include({ code: 'x', details: { '': '' } });
  });

  it('is skipped if it is a known field in another wire type', () => {
    const message = [...text(1, 'seq'), ...number(2, 9), ...number(3, 1), ...text(4, ''), ...number(9, 1)];
    expect(only(decodeBatch(batch(kinds.message, message)))).to.deep.equal(emptyMessage);
    const outcome = [...text(1, ''), ...text(2, ''), ...text(3, ''), ...number(4, 1), ...number(6, 1)];
    expect(only(decodeBatch(batch(kinds.outcome, outcome)))).to.deep.equal(emptyOutcome);
    const refusal = [...number(1, 1), ...text(3, 'yes'), ...text(4, 'soon'), ...number(5, 1)];
    expect(only(decodeBatch(batch(kinds.refusal, refusal)))).to.deep.equal({
      kind: 'refusal',
      code: '',
      message: '',
      retryable: false,
      retryAfterMs: 0,
      details: {},
    });
  });

  it('reads as reply for what a sender expects, and as fault for a status', () => {
    for (const value of [4, 1000, -1]) {
      expect(only(decodeBatch(batch(kinds.message, number(4, value))))).to.include({ expects: 'reply' });
      expect(only(decodeBatch(batch(kinds.outcome, number(3, value))))).to.include({ status: 'fault' });
    }
  });
});

describe('a repeated or missing part', () => {
  it('lets the last kind of a frame win, and the last value of a field and key', () => {
    const both = [...bytes(kinds.ack, number(1, 1)), ...bytes(kinds.drain, [])];
    expect(only(decodeBatch(Buffer.from(bytes(1, both))))).to.deep.equal({ kind: 'drain' });
    const entry = (value: string) => bytes(9, [...text(1, 'k'), ...text(2, value)]);
    const twice = [...number(1, 1), ...number(1, 2), ...entry('old'), ...entry('new')];
    expect(only(decodeBatch(batch(kinds.message, twice)))).to.deep.include({ seq: 2, headers: { k: 'new' } });
  });

  it('is its default, and no key where it is optional', () => {
    const empty = { messages: 0, bytes: 0 };
    expect(only(decodeBatch(batch(kinds.hello, [])))).to.deep.equal(emptyHello);
    expect(only(decodeBatch(batch(kinds.welcome, [])))).to.deep.equal({
      kind: 'welcome',
      protocol: 0,
      sdk: '',
      worker: '',
      epoch: '',
      features: [],
      reasons: [],
      beat: { intervalMs: 0, suspectAfterMs: 0, lostAfterMs: 0, stalledAfterMs: 0 },
      maxPayloadBytes: 0,
      resumeToken: '',
      credit: empty,
      handles: [],
      labels: {},
    });
    const fault = { code: '', message: '', retryable: false, details: '' };
    expect(roundTrip({ ...emptyOutcome, fault: { ...fault, stack: '' } })).to.deep.equal({
      ...emptyOutcome,
      fault,
    });
    expect(only(decodeBatch(batch(kinds.outcome, bytes(6, text(4, '')))))).to.deep.equal({
      ...emptyOutcome,
      fault,
    });
    expect(roundTrip({ ...emptyMessage, headers: {} })).to.deep.equal(emptyMessage);
  });

  it('shares nothing with the defaults of the next frame', () => {
    const [one, two] = decodeBatch(
      Buffer.concat([batch(kinds.welcome, []), batch(kinds.welcome, [])]),
    ).frames;
    expect(one)
      .to.have.property('labels')
      .that.does.not.equal((two as { labels: object }).labels);
    expect(one)
      .to.have.property('handles')
      .that.does.not.equal((two as { handles: object }).handles);
  });
});

describe('a decoded map', () => {
  it('drops the keys that could reach a prototype', () => {
    const entry = (field: number, key: string) => bytes(field, [...text(1, key), ...text(2, 'polluted')]);
    const keys = ['__proto__', 'constructor', 'prototype', 'toString'];
    const check = (map: object) => {
      expect(Object.keys(map)).to.deep.equal(['toString']);
      expect(Object.getPrototypeOf(map)).to.equal(Object.prototype);
    };
    for (const field of [8, 16]) {
      const hello = only(
        decodeBatch(
          batch(
            kinds.hello,
            keys.flatMap((key) => entry(field, key)),
          ),
        ),
      ) as Hello;
      check(field === 8 ? hello.labels : hello.extra);
    }
    const message = only(
      decodeBatch(
        batch(
          kinds.message,
          keys.flatMap((key) => entry(9, key)),
        ),
      ),
    ) as Message;
    check(message.headers ?? {});
    const hostile = only(decodeBatch(batch(kinds.message, entry(9, '__proto__'))));
    expect(hostile).to.deep.equal(emptyMessage);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });
});
