import { expect } from 'chai';
import fc from 'fast-check';
import { BusError } from '../../lib/errors/bus-error.js';
import { decodePayload, encodePayload } from '../../lib/handler/payload.js';

const there = (value: unknown) => {
  const { payload, codec } = encodePayload(value);
  return decodePayload(payload, codec);
};
const json = (text: string) => decodePayload(Buffer.from(text), '');

describe('payloads', () => {
  it('come back as they were sent, for every JSON value', () => {
    const value = fc.jsonValue({ maxDepth: 5 }).map((made) => JSON.parse(JSON.stringify(made)) as unknown);
    fc.assert(
      fc.property(value, (sent) => {
        expect(there(sent)).to.deep.equal(withoutForbidden(sent));
      }),
      { numRuns: 500 },
    );
  });

  it('of undefined are empty, and bytes pass as they are', () => {
    expect(encodePayload(undefined)).to.deep.equal({ payload: new Uint8Array(0), codec: '' });
    expect(there(undefined)).to.equal(undefined);
    const bytes = Buffer.from([0, 255, 128]);
    expect(encodePayload(bytes).payload).to.equal(bytes);
    expect(there(bytes)).to.equal(bytes);
    expect(encodePayload(new Uint8Array(2)).codec).to.equal('bytes');
  });

  it('are read from the middle of a larger buffer', () => {
    const text = Buffer.from('xx{"a":"é"}xx');
    expect(
      decodePayload(new Uint8Array(text.buffer, text.byteOffset + 2, text.length - 4), ''),
    ).to.deep.equal({
      a: 'é',
    });
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const unserialisable: [name: string, value: unknown, text: string][] = [
    ['a cycle', cyclic, 'circular'],
    ['a BigInt', { n: 1n }, 'BigInt'],
    ['a function', () => {}, 'a function is no data'],
    ['a symbol', Symbol('s'), 'a symbol is no data'],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('no');
        },
      },
      'no',
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error('hands off');
          },
        },
      ),
      'hands off',
    ],
  ];
  for (const [name, value, text] of unserialisable) {
    it(`cannot be made of ${name}`, () => {
      expect(() => encodePayload(value, 'render', 'reply'))
        .to.throw(BusError, "the reply of 'render' cannot be encoded")
        .that.satisfies((error: BusError) => error.code === 'unserialisable' && error.message.includes(text));
    });
  }

  it('that are nested too deeply fail as any other, where the engine has a limit at all', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    let limited = false;
    try {
      JSON.stringify(deep);
    } catch {
      limited = true;
    }
    if (!limited) expect(encodePayload(deep).payload.length).to.equal(200_001);
    else
      expect(() => encodePayload(deep))
        .to.throw(BusError)
        .that.has.property('code', 'unserialisable');
    const text = `{"__proto__":1,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(() => json(text))
      .to.throw(BusError)
      .that.has.property('code', 'invalid-payload');
  });

  it('that are no JSON, broken UTF-8 or in an unknown codec are invalid', () => {
    const invalid = (read: () => unknown, text: string) =>
      expect(read).to.throw(BusError, text).that.has.property('code', 'invalid-payload');
    invalid(() => decodePayload(Buffer.from('{"a":'), '', 'render'), "the payload of 'render' is no JSON");
    invalid(() => json(''.padEnd(3)), 'is no JSON');
    invalid(() => decodePayload(Buffer.from([0x22, 0xff, 0x22]), ''), 'is no JSON');
    invalid(
      () => decodePayload(Buffer.from('1'), 'cbor', 'render'),
      "the payload of 'render' cannot be read: its receiver has no codec 'cbor': list a plugin that contributes it there",
    );
    invalid(() => decodePayload(Buffer.from('1'), 'x'.repeat(1000)), `has no codec '${'x'.repeat(64)}':`);
  });

  it('are read as JSON where a peer names it', () => {
    expect(decodePayload(Buffer.from('[1]'), 'json')).to.deep.equal([1]);
  });

  it('cannot carry a prototype into an object, however the key is written', () => {
    const hostile = [
      '{"__proto__":{"admin":true},"b":1}',
      '{"\\u005f_proto__":{"admin":true},"b":1}',
      '{"__pr\\u006Fto__":{"admin":true},"b":1}',
      '{"b":1,"constructor":{"prototype":{"admin":true}}}',
      '{"b":1,"\\u0063onstructor":{"protot\\u0079pe":{"admin":true}}}',
    ];
    for (const text of hostile) {
      const value = json(text) as object;
      expect(Object.keys(value), text).to.deep.equal(['b']);
      expect((json(`[{"in":${text}}]`) as [{ in: object }])[0].in, text).to.deep.equal({ b: 1 });
    }
  });

  it('keep what only looks like it', () => {
    const value = {
      constructor: 'Ferrari',
      prototype: 1,
      text: '__proto__',
      more: { constructor: { name: 'x' } },
    };
    expect(there(value)).to.deep.equal(value);
  });
});

/** What must not survive, taken out in the plain way. */
function withoutForbidden(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutForbidden);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__proto__')
      .map(([key, inner]) => [key, withoutForbidden(inner)]),
  );
}
