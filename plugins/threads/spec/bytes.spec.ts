import { expect } from 'chai';
import type { Plugin } from 'drumline/plugin';
import { packed, packedAway, transferOf, unpacked } from '../lib/pack.js';
import { Fleet, failure, inThreads } from './fleet.js';

/** Puts its own value in the place of the payload, as a codec or an interceptor may. */
const replacing = (payload: unknown): Plugin => ({
  manifest: { name: 'replacing', version: '1.0.0', engines: { drumline: '*' } },
  contributes: { interceptors: [(next) => (message, context) => next({ ...message, payload }, context)] },
});

describe('Bytes on their way into a thread', () => {
  it('are copied, so that nobody else sees what the handler does to them', async () => {
    const shared = new Uint8Array(1_000).fill(7);
    const plugins = [replacing(shared)];
    await using fleet = await Fleet.of(inThreads(['scribble']), {}, { plugins });
    for (let n = 0; n < 2; n += 1)
      expect(await fleet.hub.request('w1', 'scribble', null)).to.deep.equal({
        bytes: 1_000,
        buffer: 1_000,
        first: 7,
      });
    expect(shared.every((byte) => byte === 7)).to.equal(true);
  });

  it('bring nothing along of the batch in which they came', async () => {
    await using fleet = await Fleet.of(inThreads(['scribble']));
    const sizes = [10, 1_000, 100_000, 1_000_000];
    const calls = sizes.map((size) => fleet.hub.request('w1', 'scribble', new Uint8Array(size).fill(1)));
    expect(await Promise.all(calls)).to.deep.equal(
      sizes.map((size) => ({ bytes: size, buffer: size, first: 1 })),
    );
  });

  it('bring nothing along either where they are part of an object', async () => {
    const bytes = new Uint8Array(new ArrayBuffer(1_000_000), 5, 10);
    const plugins = [replacing({ bytes })];
    await using fleet = await Fleet.of(inThreads(['behind']), {}, { plugins });
    expect(await fleet.hub.request('w1', 'behind', null)).to.be.below(500);
  });

  it('cost the message an `unserialisable` if something beside them cannot be cloned', async () => {
    const plugins = [replacing({ f() {} })];
    await using fleet = await Fleet.of(inThreads(['echo']), {}, { plugins });
    const error = await failure(fleet.hub.request('w1', 'echo', null));
    expect(error).to.include({ code: 'unserialisable' });
    expect(error.message).to.match(/^the payload of 'echo' cannot go into a thread: .* could not be cloned/);
  });

  it('are copied once and moved then', () => {
    const bytes = new Uint8Array(1_000).fill(7);
    const sent = packed(bytes);
    expect(transferOf(sent)).to.deep.equal([sent.form === 'bytes' && sent.value.buffer]);
    const received = structuredClone(sent, { transfer: transferOf(sent) });
    expect([bytes.byteLength, (sent.value as Uint8Array).byteLength]).to.deep.equal([1_000, 0]);
    expect(unpacked(received)).to.deep.equal(bytes);
  });
});

describe('Bytes on their way out of a thread', () => {
  it('are moved if they have their buffer to themselves', async () => {
    await using fleet = await Fleet.of(inThreads(['giveAndLook']), { threads: 1 });
    expect(await fleet.hub.request('w1', 'giveAndLook', null)).to.deep.equal(Buffer.alloc(1_000, 7));
    expect(await fleet.hub.request('w1', 'giveAndLook', null)).to.deep.equal({ left: 0 });
  });

  it('cannot be given twice: that is an error which says so', async () => {
    await using fleet = await Fleet.of(inThreads(['giveKept']), { threads: 1 });
    expect(await fleet.hub.request('w1', 'giveKept', null)).to.have.length(1_000);
    const error = await failure(fleet.hub.request('w1', 'giveKept', null));
    expect(error).to.include({ code: 'unserialisable' });
    expect(error.message).to.match(
      /^what the handler of 'giveKept' gave cannot leave its thread: .* moved already: give a copy/,
    );
  });

  for (const [name, length] of [
    ['givePart', 10],
    ['giveWasm', 65_536],
    ['givePooled', 13],
    ['giveShared', 8],
    ['giveNothing', 0],
  ] as const)
    it(`are copied if they have not, or cannot be moved (${name})`, async () => {
      await using fleet = await Fleet.of(inThreads([name]), { threads: 1 });
      for (let n = 0; n < 2; n += 1) expect(await fleet.hub.request('w1', name, null)).to.have.length(length);
      expect(fleet.ended).to.equal(0);
    });

  for (const name of ['giveFunction', 'givePromiseInside'])
    it(`are \`unserialisable\` with what cannot be cloned, and the thread lives (${name})`, async () => {
      await using fleet = await Fleet.of(inThreads([name, 'square']), { threads: 1 });
      const error = await failure(fleet.hub.request('w1', name, null));
      expect(error).to.include({ code: 'unserialisable' });
      expect(error.message).to.match(/cannot leave its thread: .* could not be cloned/);
      expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
      expect(fleet.ended).to.equal(0);
    });
});

describe('A packed value', () => {
  const values: unknown[] = [
    undefined,
    null,
    '',
    'a',
    0,
    true,
    10n,
    [],
    { a: { b: [1] } },
    new Map([[1, new Set([2])]]),
    new Date(7),
    Buffer.from('x'),
    new Uint8Array([1]),
  ];
  for (const value of values)
    it(`is the same when it is unpacked (${typeof value} ${String(value)})`, () => {
      for (const pack of [packed, packedAway]) {
        const given = Buffer.isBuffer(value)
          ? Buffer.from(value)
          : value instanceof Uint8Array
            ? value.slice()
            : value;
        const sent = pack(given);
        const received = unpacked(structuredClone(sent, { transfer: transferOf(sent) }));
        expect(received).to.deep.equal(value);
        expect(Buffer.isBuffer(received)).to.equal(Buffer.isBuffer(value));
      }
    });

  it('has no symbol in it', () => {
    expect(() => packed(Symbol('x'))).to.throw('could not be cloned');
  });
});
