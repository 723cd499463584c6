import { expect } from 'chai';
import { z } from 'zod';
import { BusError } from '../../lib/errors/bus-error.js';
import type { ErrorCode } from '../../lib/errors/code.js';
import type { Expects } from '../../lib/frame/frame.js';
import { type Codec, Codecs, standardCodecs } from '../../lib/handler/codec.js';
import { type AnyContract, defineMessage } from '../../lib/handler/contract.js';
import { decodeReply } from '../../lib/handler/decode-reply.js';
import { Demand } from '../../lib/handler/demand.js';
import { handler } from '../../lib/handler/registration.js';
import { Mirror } from './mirror.js';
import { noUnhandledRejections } from './rejections.js';
import { Trial } from './trial.js';

const mirror = new Codecs([{ plugin: 'looking-glass', codec: new Mirror() }]);
const withCodec = (codec: Partial<Codec>) =>
  new Codecs([{ plugin: 'looking-glass', codec: Object.assign(new Mirror(), codec) as Codec }]);
const gives = (act: () => unknown, code: ErrorCode, text: string | RegExp): BusError => {
  let error: unknown;
  expect(() => {
    try {
      act();
    } catch (thrown) {
      error = thrown;
      throw thrown;
    }
  }).to.throw(BusError, text);
  expect(error).to.have.property('code', code);
  return error as BusError;
};
const there = (codecs: Codecs, name: string, value: unknown) => {
  const { payload, codec } = codecs.encode(name, value, 'render', 'payload');
  return { codec, length: payload.length, value: codecs.decode(payload, codec, 'render', 'payload') };
};

describe('codecs', () => {
  noUnhandledRejections();

  for (const name of ['', 'json', 'bytes'])
    it(`leave a value as it always was where the name is '${name}'`, () => {
      for (const codecs of [standardCodecs, mirror]) {
        const bytes = new Uint8Array([1, 2]);
        expect(there(codecs, name, { a: 1 })).to.deep.equal({ codec: '', length: 7, value: { a: 1 } });
        expect(there(codecs, name, undefined)).to.deep.equal({ codec: '', length: 0, value: undefined });
        expect(there(codecs, name, bytes)).to.deep.equal({ codec: 'bytes', length: 2, value: bytes });
        gives(() => there(codecs, name, 1n), 'unserialisable', "the payload of 'render' cannot be encoded");
      }
    });

  it('are used for whatever value, bytes too, and undefined is still no bytes', () => {
    expect(mirror.encode('mirror', 'ab', 'x', 'reply')).to.deep.equal({
      payload: Buffer.from('"ba"'),
      codec: 'mirror',
    });
    for (const value of [{ a: [1] }, null, 0, '', false, new Uint8Array([1, 2])])
      expect(there(mirror, 'mirror', value)).to.deep.include({ codec: 'mirror', value });
    expect(there(mirror, 'mirror', undefined)).to.deep.equal({
      codec: 'mirror',
      length: 0,
      value: undefined,
    });
  });

  it('may write over their buffer: what was encoded stays as it was', () => {
    const [first, second] = ['first', 'other'].map((value) => mirror.encode('mirror', value, 'x', 'payload'));
    expect(mirror.decode(first?.payload as Uint8Array, 'mirror', 'x', 'payload')).to.equal('first');
    expect(mirror.decode(second?.payload as Uint8Array, 'mirror', 'x', 'payload')).to.equal('other');
  });

  it('that the sender lacks are named, with what to list', () => {
    const error = gives(
      () => standardCodecs.encode('msgpack', 1, 'render', 'payload'),
      'unserialisable',
      "the payload of 'render' cannot be encoded: list a plugin that contributes the codec 'msgpack'",
    );
    expect(error.details).to.deep.equal({ codec: 'msgpack', type: 'render' });
    gives(
      () => mirror.encode('msgpack', undefined, 'render', 'payload'),
      'unserialisable',
      "codec 'msgpack'",
    );
  });

  it('that the receiver lacks are named, even if there is nothing to read', () => {
    for (const payload of [new Uint8Array(0), Buffer.from('1')])
      gives(
        () => mirror.decode(payload, 'msgpack', 'render', 'payload'),
        'invalid-payload',
        "the payload of 'render' cannot be read: its receiver has no codec 'msgpack': list a plugin",
      );
  });

  const boom = new Error('boom');
  const hostile = () => {
    const refuse = () => {
      throw new Error('hands off');
    };
    return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse });
  };
  const raise = (thrown: unknown) => () => {
    throw thrown;
  };
  const encoders: [name: string, encode: () => unknown, text: string, cause?: unknown][] = [
    ['throws', raise(boom), 'boom', boom],
    ['throws an error with a code', raise(new BusError('closed', 'no')), 'no'],
    ['throws a hostile proxy', raise(hostile()), 'a value that cannot be printed'],
    [
      'throws an error without a text that prints',
      raise(Object.assign(new Error(), { message: hostile() })),
      'a value',
    ],
    ['gives a text', () => 'text', 'it gave a value of type string, no Uint8Array'],
    ['gives nothing', () => {}, 'it gave a value of type undefined, no Uint8Array'],
    ['gives an ArrayBuffer', () => new ArrayBuffer(2), 'it gave a value of type object, no Uint8Array'],
    ['gives no bytes', () => new Uint8Array(0), 'it gave no bytes'],
    ['gives a hostile proxy', hostile, 'hands off'],
    ['gives a promise', async () => new Uint8Array(2), 'it gave a promise, no Uint8Array'],
    ['rejects', async () => raise(boom)(), 'it gave a promise, no Uint8Array'],
  ];
  for (const [name, encode, text, cause] of encoders)
    it(`cannot encode if one ${name}, which names it, its plugin and the message`, () => {
      const error = gives(
        () => withCodec({ encode: encode as Codec['encode'] }).encode('mirror', 1, 'render', 'item'),
        'unserialisable',
        `the item of 'render' cannot be encoded: the codec 'mirror' of plugin 'looking-glass' failed: ${text}`,
      );
      expect(error.details).to.deep.equal({ plugin: 'looking-glass', codec: 'mirror', type: 'render' });
      if (cause) expect(error.cause).to.equal(cause);
    });

  const decoders: [name: string, decode: () => unknown, text: string, cause?: unknown][] = [
    ['throws', raise(boom), 'boom', boom],
    ['throws an error with a code', raise(new BusError('closed', 'no')), 'no'],
    ['throws a hostile proxy', raise(hostile()), 'a value that cannot be printed'],
    ['gives a promise', async () => 1, 'it gave a promise, no value'],
    ['rejects', async () => raise(boom)(), 'it gave a promise, no value'],
    ['gives what cannot be looked at', hostile, 'hands off'],
  ];
  for (const [name, decode, text, cause] of decoders)
    it(`cannot read if one ${name}, which names it, its plugin and the message`, () => {
      const error = gives(
        () => withCodec({ decode }).decode(Buffer.from('1'), 'mirror', 'render', 'reply'),
        'invalid-payload',
        `the reply of 'render' cannot be read: the codec 'mirror' of plugin 'looking-glass' failed: ${text}`,
      );
      expect(error.details).to.deep.equal({ plugin: 'looking-glass', codec: 'mirror', type: 'render' });
      if (cause) expect(error.cause).to.equal(cause);
    });
});

describe('an invocation in a codec', () => {
  noUnhandledRejections();

  const Render = defineMessage<unknown, unknown>('render', { codec: 'mirror' });
  const trial = (
    contract: AnyContract,
    handle: (payload: unknown) => unknown,
    { value, codecs = mirror, ...message }: { value?: unknown; codecs?: Codecs; expects?: Expects } = {},
  ) =>
    new Trial(
      handler(contract, ({ payload }) => handle(payload) as never),
      { value, ...message },
      { codecs, demand: new Demand(8) },
    ).run();
  const codecsOf = ({ replies }: Trial) => replies.map(({ status, codec }) => `${status} ${codec}`);

  it('reads the payload and writes the reply in that codec', () => {
    const call = trial(Render, (payload) => ({ got: payload }), { value: [1] });
    expect(call.outcomes).to.deep.equal([['value', { got: [1] }]]);
    expect(codecsOf(call)).to.deep.equal(['value mirror']);
    expect(Buffer.from(call.replies[0]?.payload ?? []).toString()).to.equal('}]1[:"tog"{');
  });

  it('writes bytes and nothing in that codec too', () => {
    const bytes = trial(Render, (payload) => payload, { value: new Uint8Array([7]) });
    expect([bytes.outcomes, codecsOf(bytes)]).to.deep.equal([
      [['value', new Uint8Array([7])]],
      ['value mirror'],
    ]);
    const nothing = trial(Render, () => undefined);
    expect([nothing.outcomes, codecsOf(nothing)]).to.deep.equal([[['value', undefined]], ['value mirror']]);
    expect(nothing.replies[0]?.payload).to.have.length(0);
  });

  it('writes each item of a stream in that codec', async () => {
    const call = trial(
      Render,
      async function* () {
        yield 'ab';
        yield new Uint8Array([1]);
      },
      { value: 1, expects: 'stream' },
    );
    await call.settle();
    expect(call.outcomes).to.deep.equal([['item', 'ab'], ['item', new Uint8Array([1])], 'done']);
    expect(codecsOf(call)).to.deep.equal(['item mirror', 'item mirror', 'done ']);
    expect(codecsOf(trial(Render, () => 1, { value: 1, expects: 'stream' }))).to.deep.equal([
      'item mirror',
      'done ',
    ]);
  });

  it('answers in JSON who asked in JSON or bytes, whatever the contract of the handler names', () => {
    const call = (value: unknown, given: unknown) =>
      new Trial(
        handler(Render, () => given),
        { ...standardCodecs.encode('', value, 'render', 'payload') },
        { codecs: mirror },
      ).run();
    expect(codecsOf(call({ a: 1 }, { b: 2 }))).to.deep.equal(['value ']);
    expect(codecsOf(call({ a: 1 }, new Uint8Array(1)))).to.deep.equal(['value bytes']);
    expect(codecsOf(call(new Uint8Array(1), { b: 2 }))).to.deep.equal(['value ']);
    expect(call({ a: 1 }, { b: 2 }).outcomes).to.deep.equal([['value', { b: 2 }]]);
  });

  it('checks with the schema what the codec gave', async () => {
    const Typed = defineMessage('typed', { payload: z.object({ n: z.number() }), codec: 'mirror' });
    const good = trial(Typed, (payload) => payload, { value: { n: 1 } });
    expect(good.outcomes).to.deep.equal([['value', { n: 1 }]]);
    const bad = trial(Typed, (payload) => payload, { value: { n: 'x' } });
    expect(bad.outcomes).to.deep.equal(['invalid-payload']);
  });

  it('costs a message that cannot be read one fault, with the codec and its plugin, and no handler runs', () => {
    let ran = 0;
    const failing = withCodec({ decode: () => expect.fail('garbage') });
    const call = trial(Render, () => (ran += 1), { value: 1, codecs: failing });
    expect([call.outcomes, ran]).to.deep.equal([['invalid-payload'], 0]);
    expect(call.fault?.message).to.include("the codec 'mirror' of plugin 'looking-glass' failed: garbage");
    expect(call.faults.map(({ code }) => code)).to.deep.equal(['invalid-payload']);
  });

  it('costs a message whose codec is not there one fault that says so', () => {
    const call = new Trial(
      handler('render', () => expect.fail('it ran')),
      { ...mirror.encode('mirror', 1, 'render', 'payload') },
    ).run();
    expect(call.outcomes).to.deep.equal(['invalid-payload']);
    expect(call.fault?.message).to.include("its receiver has no codec 'mirror'");
  });

  it('gives one fault for a reply or an item that the codec cannot encode', async () => {
    const failing = withCodec({
      encode: (value) => (value === 'bad' ? expect.fail('cannot') : new Mirror().encode(value)),
    });
    const reply = trial(Render, () => 'bad', { value: 1, codecs: failing });
    expect(reply.outcomes).to.deep.equal(['unserialisable']);
    expect(reply.fault?.message).to.include("the reply of 'render'").and.include("plugin 'looking-glass'");
    const items = trial(Render, () => ['good', 'bad', 'good'], {
      value: 1,
      expects: 'stream',
      codecs: failing,
    });
    await items.settle();
    expect(items.outcomes).to.deep.equal([['item', 'good'], 'unserialisable']);
  });

  it('reads the reply with the codecs of the requester, and what fails there is the error of the call', () => {
    const Length = defineMessage('length', {
      reply: z.string().transform((text) => text.length),
      codec: 'mirror',
    });
    const reply = { status: 'value', ...mirror.encode('mirror', 'abc', 'length', 'reply') } as const;
    expect(decodeReply(Length, reply, mirror)).to.equal(3);
    gives(
      () => decodeReply(Length, reply, withCodec({ decode: raiseGarbage })),
      'invalid-payload',
      "the reply of 'length' cannot be read: the codec 'mirror' of plugin 'looking-glass' failed: garbage",
    );
    gives(() => decodeReply(Length, reply, standardCodecs), 'invalid-payload', "has no codec 'mirror'");
  });
});

function raiseGarbage(): never {
  throw new Error('garbage');
}
