import { expect } from 'chai';
import * as fc from 'fast-check';
import { BatchWriter, decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame, Message } from '../../lib/frame/frame.js';
import { anyFrames } from './arbitrary.js';
import { emptyMessage } from './raw.js';

describe('a batch writer', () => {
  const message = { ...emptyMessage, type: 'render', payload: new Uint8Array(500).fill(1) };

  it('never writes again what it gave', () => {
    fc.assert(
      fc.property(fc.array(anyFrames, { maxLength: 12 }), fc.nat(700), (batches, slabBytes) => {
        const writer = new BatchWriter(slabBytes);
        const taken = batches.map((frames) => {
          for (const frame of frames) writer.add(frame);
          const size = writer.size;
          const bytes = writer.take();
          expect(bytes).to.be.instanceOf(Buffer).and.have.lengthOf(size);
          expect(writer.size).to.equal(0);
          return { frames, bytes };
        });
        for (const { frames, bytes } of taken) expect(decodeBatch(bytes).frames).to.deep.equal(frames);
      }),
      { numRuns: 200 },
    );
  });

  it('goes from slab to slab without a change to what it gave', () => {
    const writer = new BatchWriter(64 * 1024);
    const taken: { bytes: Buffer; copy: Buffer }[] = [];
    for (let seq = 1; seq <= 2000; seq += 1) {
      writer.add({ ...message, seq });
      if (seq % 20 !== 0) continue;
      const bytes = writer.take();
      taken.push({ bytes, copy: Buffer.from(bytes) });
    }
    for (const { bytes, copy } of taken) expect(bytes.equals(copy)).to.equal(true);
    const seqs = taken.flatMap(({ bytes }) =>
      decodeBatch(bytes).frames.map((frame) => (frame as Message).seq),
    );
    expect(seqs).to.deep.equal(Array.from({ length: 2000 }, (_, index) => index + 1));
    expect(new Set(taken.map(({ bytes }) => bytes.buffer)).size).to.be.lessThan(20);
  });

  it('writes over what was given back, and over nothing else', () => {
    const indices = fc.array(fc.nat(9), { maxLength: 3 });
    const actions = fc.array(fc.record({ frames: anyFrames, early: indices, back: indices }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(actions, fc.constantFrom(0, 600, 65_536), (batches, slabBytes) => {
        const writer = new BatchWriter(slabBytes);
        const out: { memory: { giveBack(): void }; bytes: Buffer; copy: Buffer }[] = [];
        for (const { frames, early, back } of batches) {
          for (const frame of frames) writer.add(frame);
          for (const index of early) for (const { memory } of out.splice(index, 1)) memory.giveBack();
          const { memory } = writer;
          const bytes = writer.take();
          expect(decodeBatch(bytes).frames).to.deep.equal(frames);
          out.push({ memory, bytes, copy: Buffer.from(bytes) });
          for (const index of back) for (const { memory } of out.splice(index, 1)) memory.giveBack();
          for (const { bytes, copy } of out) expect(bytes.equals(copy)).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('needs no more memory than is out at a time', () => {
    const writer = new BatchWriter(64 * 1024);
    const memories = new Set<ArrayBufferLike>();
    const out: { giveBack(): void }[] = [];
    for (let seq = 1; seq <= 20_000; seq += 1) {
      writer.add({ ...message, seq });
      if (seq % 20 !== 0) continue;
      const { memory } = writer;
      memories.add(writer.take().buffer);
      out.push(memory);
      if (out.length === 30) for (const memory of out.splice(0)) memory.giveBack();
    }
    // 300 KB are out at most.
    expect(memories.size).to.be.within(1, 7);
  });

  it('lets go of memory that a burst needed, and nobody after it', () => {
    const writer = new BatchWriter(64 * 1024);
    const burst = (batches: number) => {
      const memories = new Set<ArrayBufferLike>();
      const out: { giveBack(): void }[] = [];
      for (let n = 0; n < batches; n += 1) {
        for (let seq = 1; seq <= 20; seq += 1) writer.add({ ...message, seq });
        out.push(writer.memory);
        memories.add(writer.take().buffer);
      }
      for (const memory of out) memory.giveBack();
      return memories;
    };
    const first = burst(500);
    expect([...burst(500)].filter((memory) => first.has(memory)).length, 'used again').to.be.above(70);
    for (let n = 0; n < 3_000; n += 1) burst(1);
    expect([...burst(500)].filter((memory) => first.has(memory)).length, 'still there').to.be.at.most(1);
  });

  it('lets go of the slab of a large batch, and of more slabs than a large broadcast needs', () => {
    const writer = new BatchWriter(64 * 1024);
    const take = () => {
      const { memory } = writer;
      return { memory, bytes: writer.take() };
    };
    writer.add({ ...message, payload: new Uint8Array(1_000_000) });
    const large = take();
    large.memory.giveBack();
    writer.add(message);
    expect(take().bytes.buffer.byteLength).to.be.at.most(64 * 1024);
    const wave = () =>
      Array.from({ length: 300 }, () => {
        writer.add({ ...message, payload: new Uint8Array(60_000) });
        return take();
      });
    const first = wave();
    for (const { memory } of first) memory.giveBack();
    const seen = new Set(first.map(({ bytes }) => bytes.buffer));
    expect(wave().filter(({ bytes }) => seen.has(bytes.buffer)).length).to.be.within(100, 130);
  });

  it('takes little memory while it only beats', () => {
    const writer = new BatchWriter();
    for (let beat = 1; beat < 5000; beat += 1) {
      writer.add({ kind: 'ack', seq: beat });
      // Some versions of Node.js align their pool: a few bytes more than its size.
      expect(writer.take().buffer.byteLength).to.be.at.most(Buffer.poolSize + 256);
    }
  });

  it('holds a frame larger than a slab, and what comes before and after it', () => {
    const writer = new BatchWriter();
    const large = { ...message, seq: 2, payload: new Uint8Array(300_000).fill(3), headers: { a: 'b' } };
    const frames: Frame[] = [{ ...message, seq: 1 }, large, { ...message, seq: 3 }];
    for (const frame of frames) writer.add(frame);
    expect(decodeBatch(writer.take()).frames).to.deep.equal(frames);
    writer.add(message);
    expect(decodeBatch(writer.take()).frames).to.deep.equal([message]);
  });

  it('finds room for the lengths of a frame that fills its slab', () => {
    for (const characters of [30, 50, 5500, 21_900, 700_000]) {
      const frame: Frame = { kind: 'cancel', re: 1, reason: '\u20ac'.repeat(characters) };
      expect(decodeBatch(encodeBatch([frame])).frames).to.deep.equal([frame]);
    }
  });

  it('copies a growing batch a few times, not once per frame', () => {
    const writer = new BatchWriter();
    for (let seq = 1; seq <= 20_000; seq += 1) writer.add({ ...message, seq });
    expect(writer.take().length).to.be.greaterThan(20_000 * 500);
  });

  it('is as it was before when a frame cannot be written', () => {
    const writer = new BatchWriter();
    writer.add(message);
    const { size } = writer;
    const wrong = { ...message, headers: { a: 'x'.repeat(9000), b: 7 } } as unknown as Message;
    expect(() => writer.add(wrong)).to.throw(TypeError);
    expect(writer.size).to.equal(size);
    writer.add({ kind: 'drain' });
    expect(decodeBatch(writer.take()).frames).to.deep.equal([message, { kind: 'drain' }]);
  });
});
