import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Chunk, Message, Outcome } from '../../lib/frame/frame.js';
import { Parts, partBytes } from '../../lib/lane/parts.js';
import { Dock, KiB, message, outcome, payload } from './dock.js';
import { beat } from './post.js';

const part = 64 * KiB;

describe('a large payload is split', () => {
  it('into parts of 64 KiB that make up the whole, without a copy, whatever its size', () => {
    const sizes = fc.oneof(fc.integer({ min: part + 1, max: 300_000 }), fc.constantFrom(2 * part, 3 * part));
    fc.assert(
      fc.property(sizes, fc.boolean(), (size, isMessage) => {
        const whole = isMessage ? message('t', size) : outcome(9, size);
        (whole.frame as { seq: number }).seq = 5;
        const parts = new Parts(whole);
        const frames: (Message | Outcome | Chunk)[] = [];
        for (let seq = 5; parts.left > 0; seq += 1) {
          const next = parts.next(seq);
          expect(next.last).to.equal(parts.left === 0);
          expect(next.frame.payload.buffer).to.equal(whole.frame.payload.buffer);
          frames.push(next.frame);
        }
        const [first, ...rest] = frames as [Message | Outcome, ...Chunk[]];
        expect(first).to.include({ kind: whole.frame.kind, seq: 5, size });
        expect(rest.map(({ seq }) => seq)).to.deep.equal(rest.map((_, at) => 6 + at));
        for (const chunk of rest) expect(chunk).to.include({ kind: 'chunk', re: 5, outcome: !isMessage });
        for (const { payload } of frames.slice(0, -1)) expect(payload).to.have.lengthOf(partBytes);
        const joined = Buffer.concat(frames.map(({ payload }) => payload));
        expect(Buffer.compare(joined, whole.frame.payload)).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });

  it('and its beginning says what time remains when it is written, also when it is written again', () => {
    const whole = message('t', part + 1);
    let timeoutMs = 900;
    Object.defineProperty(whole.frame, 'timeoutMs', { get: () => timeoutMs });
    const { frame } = new Parts(whole).next(1);
    expect(frame).to.have.property('timeoutMs', 900);
    timeoutMs = 400;
    expect(frame).to.have.property('timeoutMs', 400);
  });
});

describe('an outbox with large payloads', () => {
  it('sends up to 64 KiB whole, and more whole too where the peer takes no parts', async () => {
    const dock = new Dock().open();
    dock.send(message('a', part), outcome(1, part));
    expect(await dock.words()).to.deep.equal(['o1 1', 'm2 a']);
    dock.box.limit(1e9, false);
    dock.send(message('a', 3 * part), outcome(1, 2 * part));
    expect(await dock.words()).to.deep.equal(['o3 1', 'm4 a']);
  });

  it('sends one part in a batch, each under a number of its own', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 2.5 * part), outcome(7, 1.5 * part));
    expect(await dock.words()).to.deep.equal(['o1 7+', 'm2 a+', 'c3 1', 'c4 2', 'c5 2']);
    expect(dock.largestBatch).to.be.below(part + 64);
  });

  it('lets a beat wait for one part at most', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 40 * part), outcome(7, 40 * part));
    for (let n = 1; n <= 30; n += 1) {
      await dock.next();
      dock.box.control(beat(n));
      const [first] = (await dock.next()) ?? [];
      expect(first).to.include({ kind: 'beat', n });
    }
    expect(dock.mostParts).to.equal(1);
  });

  it('takes turns: several large ones, and small ones of other types every other batch', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 3 * part), message('b', 3 * part));
    expect(await dock.words(3)).to.deep.equal(['m1 a+', 'm2 b+', 'c3 1']);
    for (let n = 0; n < 300; n += 1) dock.send(message('small', 200), outcome(n, 200));
    const words = await dock.words(6);
    const turns = words.map((batch) => (/^c/.test(batch) ? 'part' : 'small'));
    expect(turns).to.deep.equal(['small', 'part', 'small', 'part', 'small', 'part']);
    expect(words.filter((batch) => /^c/.test(batch)).map((batch) => batch.split(' ')[1])).to.deep.equal([
      '2',
      '1',
      '2',
    ]);
    expect(words[0]?.split(', ').length, 'small ones share a batch').to.be.above(40);
  });

  it('lets what is of the same type wait, large or small, and nothing else', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 2 * part), message('a', 10), message('a', 2 * part), message('a', 20));
    dock.send(message('b', 10));
    expect(await dock.words()).to.deep.equal(['m1 a+', 'm2 b', 'c3 1', 'm4 a', 'm5 a+', 'c6 5', 'm7 a']);
  });

  it('has two large messages and two large outcomes under way, and lets small ones pass those that wait', async () => {
    const dock = new Dock().open();
    dock.send(...['a', 'b', 'c', 'd'].map((type) => message(type, 3 * part)), message('small', 10));
    dock.send(...[1, 2, 3, 4].map((re) => outcome(re, 3 * part)), outcome(5, 10));
    const open = new Set<number>();
    let most = 0;
    const order: string[] = [];
    for (let batch = await dock.next(); batch !== undefined; batch = await dock.next())
      for (const frame of batch) {
        if (frame.kind === 'chunk') {
          const parts = dock.frames.filter((each) => each.kind === 'chunk' && each.re === frame.re);
          if (parts.length === 2) open.delete(frame.re);
          continue;
        }
        const { seq, size } = frame as Message;
        order.push(frame.kind === 'message' ? frame.type : String((frame as Outcome).re));
        if (size !== undefined) open.add(seq);
        most = Math.max(most, open.size);
      }
    expect(most).to.equal(4);
    expect(order.indexOf('small')).to.be.below(order.indexOf('c'));
    expect(order.indexOf('5')).to.be.below(order.indexOf('3'));
    expect([...order].sort()).to.deep.equal(['1', '2', '3', '4', '5', 'a', 'b', 'c', 'd', 'small']);
    expect([dock.box.queued, dock.box.idle, open.size]).to.deep.equal([0, true, 0]);
  });

  it('keeps the order of the outcomes of one message', async () => {
    const dock = new Dock().open();
    dock.send(outcome(1, 10, 'item'), outcome(1, 2 * part, 'item'), outcome(1, 20, 'item'));
    dock.send(outcome(2, 2 * part), outcome(3, 2 * part), outcome(3, 10, 'done'));
    dock.send(outcome(1, 2 * part, 'item'), outcome(1, 30, 'done'), outcome(4, 10));
    await dock.words();
    const seen = new Map<number, number[]>();
    const begun = new Map<number, { re: number; size: number; came: number }>();
    for (const frame of dock.frames) {
      if (frame.kind === 'chunk') {
        const large = begun.get(frame.re);
        if (large === undefined) return expect.fail('a chunk without its beginning');
        large.came += frame.payload.length;
        if (large.came === large.size) seen.set(large.re, [...(seen.get(large.re) ?? []), large.size]);
      } else if (frame.kind === 'outcome') {
        const { re, seq, size, payload } = frame;
        if (size !== undefined) begun.set(seq, { re, size, came: payload.length });
        else seen.set(re, [...(seen.get(re) ?? []), payload.length]);
      }
    }
    expect(Object.fromEntries(seen)).to.deep.equal({
      1: [10, 2 * part, 20, 2 * part, 30],
      2: [2 * part],
      3: [2 * part, 10],
      4: [10],
    });
    expect({ ...dock.box.owed }.messages, 'all but items').to.equal(5);
  });

  it('counts the beginning as a message and every part by its bytes; parts of outcomes wait for no credit', async () => {
    const dock = new Dock().open(2, part + 1);
    dock.send(message('a', 4 * part), message('b', 10), message('c', 10));
    dock.send(outcome(1, 3 * part));
    expect(await dock.words()).to.deep.equal(['o1 1+', 'm2 a+', 'm3 b', 'c4 1', 'c5 1']);
    dock.box.allow({ messages: 2, bytes: part + 12 });
    expect(await dock.words(), 'on any byte that is left').to.deep.equal(['c6 2']);
    dock.box.allow({ messages: 2, bytes: 3 * part });
    expect(await dock.words()).to.deep.equal(['c7 2']);
    dock.box.allow({ messages: 2, bytes: 4 * part });
    expect(await dock.words(), 'the last part needs bytes and no message').to.deep.equal(['c8 2']);
    dock.box.allow({ messages: 3, bytes: 5 * part });
    expect(await dock.words()).to.deep.equal(['m9 c']);
  });

  it('gives back no credit while a part has not left', async () => {
    const dock = new Dock().open(100, part);
    dock.send(message('a', 2 * part));
    await dock.words();
    expect(dock.box.giveBack()).to.equal(undefined);
    expect(dock.box.queued).to.equal(1);
    expect(dock.box.queuedBytes).to.equal(part);
  });

  it('is acknowledged with its last part, and owed until then', async () => {
    const dock = new Dock().open();
    const acked: string[] = [];
    dock.send(Object.assign(message('a', 2 * part), { acked: () => acked.push('a') }));
    dock.send(outcome(1, 2 * part));
    expect({ ...dock.box.owed }).to.include({ messages: 1, bytes: 2 * part });
    expect(await dock.words()).to.deep.equal(['o1 1+', 'm2 a+', 'c3 1', 'c4 2']);
    dock.box.acked(2);
    expect([dock.box.owed.bytes, dock.box.due]).to.deep.equal([part, 1]);
    dock.box.acked(3);
    expect([dock.box.owed.bytes, dock.box.due, acked.length]).to.deep.equal([0, 0, 0]);
    dock.box.acked(4);
    expect(acked).to.deep.equal(['a']);
    expect(dock.box.unacked).to.equal(0);
  });

  it('goes on after a lost link from the last part that was received', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 6 * part), message('a', 1));
    expect(await dock.words(4)).to.deep.equal(['m1 a+', 'c2 1', 'c3 1', 'c4 1']);
    dock.box.acked(1);
    dock.box.detach();
    dock.link();
    dock.box.resume({ seq: 2, messages: 1, bytes: 2 * part }, { messages: 9, bytes: 1e9 });
    expect(await dock.words()).to.deep.equal(['c3 1', 'c4 1', 'c5 1', 'c6 1', 'm7 a']);
    expect(dock.frames.length, 'parts that were not received alone left again').to.equal(9);
  });

  it('drops a large publish whole when the link is lost, and goes on with the next of its type', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 6 * part, false), message('a', 1), message('b', 2 * part));
    expect(await dock.words(3)).to.deep.equal(['m1 a+', 'm2 b+', 'c3 1']);
    dock.box.detach();
    dock.link();
    dock.box.resume({ seq: 1, messages: 1, bytes: part }, { messages: 9, bytes: 1e9 });
    expect(await dock.words()).to.deep.equal(['m2 b+', 'm4 a', 'c5 2']);
    expect(dock.box.idle).to.equal(true);
  });

  it('sends no more of a message that is given up, or of an outcome that nobody waits for', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 9 * part), message('a', 1), outcome(5, 9 * part), outcome(5, 1, 'done'));
    expect(await dock.words(3)).to.deep.equal(['o1 5+', 'm2 a+', 'c3 1']);
    dock.box.stop(1);
    dock.box.stopOutcome(2);
    expect(dock.box.queued, 'neither is there').to.equal(2);
    dock.box.stop(2);
    dock.box.stopOutcome(5);
    expect(await dock.words()).to.deep.equal(['o4 5, m5 a']);
    dock.box.acked(9);
    expect({ ...dock.box.owed, due: dock.box.due }).to.include({ messages: 0, bytes: 0, due: 0 });
    expect(dock.box.idle).to.equal(true);
  });

  it('numbers what leaves to several peers at once by each of them, and stops it by that number', async () => {
    const [one, two] = [new Dock().open(), new Dock().open()];
    one.send(message('a', 1), message('a', 1));
    await one.next();
    const shared = message('b', 4 * part, false);
    one.send(shared);
    expect(await one.words(1)).to.deep.equal(['m3 b+']);
    two.send(shared);
    expect(await two.words(1)).to.deep.equal(['m1 b+']);
    one.box.stop(1);
    expect(await one.words()).to.deep.equal(['c4 3', 'c5 3', 'c6 3']);
    expect(await two.words()).to.deep.equal(['c2 1', 'c3 1', 'c4 1']);
  });

  it('begins a new session with nothing under way, and gives each large message back once', async () => {
    const dock = new Dock().open();
    const [a, b] = [message('a', 3 * part), message('b', 3 * part)];
    dock.send(a, b, message('a', 1), outcome(1, 3 * part));
    await dock.words(5);
    dock.box.detach();
    expect(dock.box.restart().filter(({ frame }) => frame.kind === 'message')).to.deep.equal([a, b]);
    dock.link();
    dock.box.allow({ messages: 9, bytes: 1e9 });
    expect(await dock.words(), 'its type is free again').to.deep.equal(['m1 a']);
    dock.send(message('a', 3 * part));
    await dock.words(2);
    expect(dock.box.close()).to.have.lengthOf(2);
  });

  it('does not send what the peer turns out not to take', async () => {
    const dock = new Dock().open();
    dock.box.detach();
    dock.send(message('a', 3 * part), message('a', 10));
    dock.box.restart();
    dock.box.limit(part, true);
    dock.open();
    expect(await dock.words()).to.deep.equal(['m2 a']);
    expect(dock.unwritable).to.have.lengthOf(1);
    expect(dock.unwritable[0]).to.include({ code: 'too-large' });
  });

  it('splits a great many control frames over batches, none as large as a peer would not read', async () => {
    const dock = new Dock().open();
    dock.box.limit(1e9, false);
    for (let re = 1; re <= 100_000; re += 1) dock.box.control({ kind: 'cancel', re, reason: 'cancelled' });
    dock.send(message('a', 1024 * KiB));
    await dock.words();
    expect(dock.largestBatch).to.be.below((1024 + 128) * KiB);
    const [last, ...cancels] = [...dock.frames].reverse();
    expect(last).to.have.property('kind', 'message');
    expect(cancels).to.have.lengthOf(100_000);
    expect(cancels[0]).to.include({ re: 100_000 });
  });

  it('leaves the payload of a part as it was', async () => {
    const dock = new Dock().open();
    dock.send(message('a', 3 * part));
    await dock.words();
    const bytes = Buffer.concat(dock.frames.map((frame) => (frame as Chunk).payload));
    expect(Buffer.compare(bytes, payload(3 * part))).to.equal(0);
  });
});
