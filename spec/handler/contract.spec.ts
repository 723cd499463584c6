import { expect } from 'chai';
import * as v from 'valibot';
import { z } from 'zod';
import { BusError } from '../../lib/errors/bus-error.js';
import { defineMessage } from '../../lib/handler/contract.js';

const invalid = (make: () => unknown, text: string | RegExp) =>
  expect(make)
    .to.throw(BusError, text)
    .that.satisfies((error: unknown) => BusError.is(error, 'invalid-option'));

describe('defineMessage', () => {
  it('gives a frozen contract that carries the type and the schemas', () => {
    const payload = z.object({ at: z.number() });
    const reply = v.string();
    const contract = defineMessage('progress', { payload, reply });
    expect(contract).to.deep.equal({ type: 'progress', payload, reply });
    expect(Object.isFrozen(contract)).to.equal(true);
    expect(defineMessage('bare')).to.deep.equal({ type: 'bare' });
  });

  it('takes a validator that is a function, as some libraries make them', () => {
    const schema = Object.assign(() => {}, v.string());
    expect(defineMessage('progress', { payload: schema })).to.have.property('payload', schema);
  });

  it('counts the 255 bytes of a type in UTF-8', () => {
    expect(defineMessage('é'.repeat(127)).type).to.have.length(127);
    invalid(() => defineMessage('é'.repeat(128)), 'is longer than 255 bytes');
  });

  it('refuses a type that is empty, no string, reserved or unprintable, and says which', () => {
    invalid(() => defineMessage(''), 'message type "" is empty');
    invalid(() => defineMessage(7 as never), 'message type 7 is no string');
    invalid(() => defineMessage('drumline.beat'), "begins with 'drumline.', which is reserved");
    for (const type of ['a\nb', 'a\u0000', '\u007f', '\u0085', 'a\ud800'])
      invalid(() => defineMessage(type), /control characters/);
    expect(defineMessage('drumlines').type).to.equal('drumlines');
    expect(defineMessage('render 🥁').type).to.equal('render 🥁');
  });

  it('carries the codec that is named, with schemas and without', () => {
    const payload = z.string();
    expect(defineMessage('a', { codec: 'msgpack' })).to.deep.equal({ type: 'a', codec: 'msgpack' });
    expect(defineMessage('a', { payload, codec: 'json' })).to.deep.equal({
      type: 'a',
      payload,
      codec: 'json',
    });
    expect(Object.isFrozen(defineMessage('a', { codec: 'msgpack' }))).to.equal(true);
    for (const codec of ['x', '7z', 'vnd.acme-1+gzip', 'a'.repeat(64)])
      expect(defineMessage('a', { codec }).codec).to.equal(codec);
  });

  it('refuses a codec that cannot be named so', () => {
    for (const codec of ['', 'MsgPack', 'a b', 'a/b', '-a', '.a', 'a'.repeat(65), 'é', 'a\n'])
      invalid(
        () => defineMessage('a', { codec }),
        `'a': its codec must be 1 to 64 lower-case letters, digits, '-', '.' and '+', beginning with a letter or ` +
          `digit, not ${JSON.stringify(codec)}`,
      );
    invalid(() => defineMessage('a', { codec: 7 as never }), 'not a number');
    invalid(() => defineMessage('a', { codec: 'bytes' }), "its codec cannot be 'bytes': leave it out");
  });

  it('refuses a schema that is none, and a reply beside a stream', () => {
    invalid(
      () => defineMessage('a', { payload: {} as never }),
      "'a': its payload is no Standard Schema validator",
    );
    invalid(
      () => defineMessage('a', { reply: null as never }),
      "'a': its reply is no Standard Schema validator",
    );
    invalid(
      () => defineMessage('a', { reply: z.string(), stream: z.string() } as never),
      "'a' has both a reply and a stream",
    );
  });
});
