import { expect } from 'chai';
import fc from 'fast-check';
import { BatchWriter, decodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { Memory } from '../../lib/lane/memory.js';
import { Outbox, type Writable } from '../../lib/lane/outbox.js';
import type { Outgoing, OverflowRule, Shared } from '../../lib/lane/outgoing.js';
import { partBytes } from '../../lib/lane/parts.js';
import { WriterPool } from '../../lib/lane/writer-pool.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { message, outcome } from './dock.js';
import { numbers } from './rig.js';

const KiB = 1024;

/** Where the one who looks from outside believes a frame to be. */
interface Held {
  readonly outgoing: Outgoing;
  /** How much of a large payload has not left; undefined while nothing has, and where it leaves whole. */
  left?: number;
  /** Numbers under which it is kept. */
  readonly kept: Set<number>;
  gone: boolean;
}

/** An outbox, and a model of what it holds that knows only what went in, what left and what was acknowledged. */
class Watched {
  readonly box: Outbox;
  readonly held: Held[] = [];
  #bySeq = new Map<number, Held>();
  #done: (() => void) | undefined;
  #closed = false;
  /** What the peer has received: number, messages, and bytes of these. */
  received = { seq: 0, messages: 0, bytes: 0 };

  constructor(
    memory: Memory,
    private readonly clock: ReturnType<typeof virtualClock>,
  ) {
    const options = {
      clock,
      capacity: 6,
      capacityBytes: 400 * KiB,
      maxWaiting: 3,
      maxBatchBytes: 16_000,
      writers: new WriterPool(() => new BatchWriter()),
      memory,
    };
    this.box = new Outbox(options, { ack: () => undefined, left: () => {}, unwritable: () => {} });
    this.box.limit(64 * KiB * KiB, true);
  }

  get holds(): Outgoing[] {
    return this.held.filter(({ gone }) => !gone).map(({ outgoing }) => outgoing);
  }

  offer(outgoing: Outgoing, rule: OverflowRule): string {
    const before = this.box.queued;
    const offered = this.box.offer(outgoing, rule);
    const queued = offered === 'queued' || offered === 'dropped-oldest';
    // It drops the oldest of those that have not begun to leave.
    const waiting = this.held.filter((each) => this.#waits(each) && !each.outgoing.kept);
    for (const each of waiting.slice(0, before + (queued ? 1 : 0) - this.box.queued)) each.gone = true;
    if (queued) this.#add(outgoing);
    return offered;
  }

  outcome(outgoing: Outgoing, urgent: boolean): void {
    if (urgent) this.box.urgent(outgoing);
    else this.box.outcome(outgoing);
    if (!this.#closed) this.#add(outgoing);
  }

  withdraw(at: number): void {
    const waiting = this.held.filter((each) => this.#waits(each) && each.outgoing.frame.kind === 'message');
    const each = waiting[at % Math.max(1, waiting.length)];
    if (each) each.gone = this.box.withdraw(each.outgoing);
  }

  stop(at: number): void {
    const leaving = this.held.filter(({ gone, left }) => !gone && left !== undefined && left > 0);
    const each = leaving[at % Math.max(1, leaving.length)];
    if (each === undefined) return;
    const { frame } = each.outgoing;
    if (frame.kind === 'message') this.box.stop(frame.seq);
    else this.box.stopOutcome(frame.re);
    this.#stopped(each);
  }

  attach(): void {
    const write: Writable['write'] = (batch, done) => {
      for (const frame of decodeBatch(batch.slice()).frames) this.#left(frame);
      this.#done = done;
    };
    this.box.attach({ write });
  }

  /** The link takes what was written. */
  async taken(): Promise<void> {
    const done = this.#done;
    this.#done = undefined;
    done?.();
    await this.clock.settle();
  }

  ack(seq: number): void {
    this.box.acked(seq);
    this.#acked(seq);
  }

  resume(): void {
    this.box.detach();
    this.#done = undefined;
    this.attach();
    const { seq, messages, bytes } = this.received;
    this.box.resume(this.received, { messages: messages + 5, bytes: bytes + 300 * KiB });
    this.#acked(seq);
    for (const each of this.held)
      if (!each.gone && !each.outgoing.kept && each.left !== undefined) this.#stopped(each);
  }

  restart(): void {
    this.box.detach();
    this.#done = undefined;
    this.box.restart();
    for (const each of this.held)
      if (!this.#waits(each) || each.outgoing.frame.kind === 'outcome') each.gone = true;
    this.#bySeq.clear();
    this.received = { seq: 0, messages: 0, bytes: 0 };
    this.attach();
    this.box.allow({ messages: 5, bytes: 300 * KiB });
  }

  clear(): void {
    this.box.clear();
    for (const each of this.held)
      if (this.#waits(each)) each.gone = true;
      else if (!each.gone && each.left !== undefined && each.left > 0) this.#stopped(each);
  }

  close(): void {
    this.box.close();
    this.#closed = true;
    for (const each of this.held) each.gone = true;
  }

  #add(outgoing: Outgoing): void {
    this.held.push({ outgoing, kept: new Set(), gone: false });
  }

  #waits({ gone, outgoing }: Held): boolean {
    return !gone && outgoing.frame.seq === 0;
  }

  #stopped(each: Held): void {
    each.left = 0;
    each.gone = each.kept.size === 0;
  }

  #left(frame: Frame): void {
    if (frame.kind !== 'message' && frame.kind !== 'outcome' && frame.kind !== 'chunk') return;
    const re = frame.kind === 'chunk' ? frame.re : frame.seq;
    let each = this.#bySeq.get(re);
    if (each === undefined) {
      each = this.held.find(({ outgoing, gone }) => !gone && outgoing.frame.seq === re) as Held;
      this.#bySeq.set(re, each);
    }
    if (frame.seq <= this.received.seq) return;
    const bytes = frame.payload.length;
    this.received.seq = frame.seq;
    if (frame.kind === 'message') this.received.messages += 1;
    if (frame.kind === 'message' || (frame.kind === 'chunk' && !frame.outcome)) this.received.bytes += bytes;
    if (frame.kind === 'chunk') each.left = (each.left ?? 0) - bytes;
    else each.left = (frame.size ?? bytes) - bytes;
    if (each.outgoing.kept) each.kept.add(frame.seq);
    else each.gone = each.left === 0;
  }

  #acked(seq: number): void {
    for (const each of this.held) {
      if (each.gone || each.kept.size === 0) continue;
      for (const kept of each.kept) if (kept <= seq) each.kept.delete(kept);
      each.gone = each.left === 0 && each.kept.size === 0;
    }
  }
}

/** Bytes of what several hold, each payload once. */
function bytesOf(outgoings: Outgoing[]): number {
  const shared = new Set<Shared>();
  let sum = 0;
  for (const outgoing of outgoings) {
    if (outgoing.shared && shared.has(outgoing.shared)) continue;
    if (outgoing.shared) shared.add(outgoing.shared);
    sum += outgoing.bytes;
  }
  return sum;
}

const sizes = [0, 1, 700, 20 * KiB, partBytes, partBytes + 1, 3 * partBytes + 7];

const step = fc.record({
  what: fc.constantFrom(
    ...['send', 'send', 'publish', 'publish', 'publish', 'broadcast', 'broadcast', 'outcome', 'outcome'],
    ...['taken', 'taken', 'taken', 'taken', 'ack', 'ack', 'withdraw', 'stop', 'credit', 'resume'],
    ...['restart', 'clear', 'close', 'lose'],
  ),
  who: fc.nat(2),
  at: fc.nat(1_000),
  size: fc.constantFrom(...sizes),
  type: fc.constantFrom('a', 'b'),
  rule: fc.constantFrom<OverflowRule>('wait', 'reject', 'drop-newest', 'drop-oldest'),
  rare: fc.nat(9),
});

describe('the memory of a process', function () {
  this.timeout(60_000);

  it('counts what is really held, each payload once, whatever becomes of it, and is empty in the end', async () => {
    let most = 0;
    let left = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), async (steps) => {
        const clock = virtualClock();
        const memory = new Memory({ maxBytes: 1_200 * KiB, promisedBytes: 0 });
        const boxes = numbers(3).map(() => new Watched(memory, clock));
        const granted = boxes.map(() => ({ messages: 5, bytes: 300 * KiB }));
        for (const box of boxes) {
          box.attach();
          box.box.allow({ messages: 5, bytes: 300 * KiB });
        }
        let re = 0;
        const check = (after: string) => {
          const held = boxes.flatMap(({ holds }) => holds);
          const of = (kind: string) => held.filter(({ frame }) => frame.kind === kind);
          expect(memory.messages.used, after).to.equal(bytesOf(of('message')));
          expect(memory.outcomes.used, after).to.equal(bytesOf(of('outcome')));
          expect(memory.messages.used).to.be.at.most(memory.messages.bytes);
          most = Math.max(most, memory.messages.used);
          for (const [index, { box, holds }] of boxes.entries()) {
            const own = holds.reduce((sum, { bytes }) => sum + bytes, 0);
            expect(box.messages.bytes + box.outcomes.bytes, `${after}, of ${index}`).to.equal(own);
          }
        };
        for (const { what, who, at, size, type, rule, rare } of steps) {
          const one = boxes[who] as Watched;
          const dropping = rule === 'wait' || rule === 'reject' ? 'drop-newest' : rule;
          const waiting = rule === 'drop-newest' || rule === 'drop-oldest' ? 'wait' : rule;
          if (what === 'send') one.offer(message(type, size), waiting);
          else if (what === 'publish') one.offer(message(type, size, false), dropping);
          else if (what === 'broadcast') {
            const shared = { holders: 0 };
            for (const each of boxes) each.offer({ ...message(type, size, false), shared }, dropping);
          } else if (what === 'outcome') {
            re += 1;
            one.outcome(outcome(rare < 3 ? re - 1 : re, size), rare === 9);
          } else if (what === 'taken') await one.taken();
          else if (what === 'ack') one.ack(Math.min(one.received.seq, at % (one.received.seq + 1)));
          else if (what === 'withdraw') one.withdraw(at);
          else if (what === 'stop') one.stop(at);
          else if (what === 'credit') {
            const limit = granted[who] as { messages: number; bytes: number };
            limit.messages += 4;
            limit.bytes += 200 * KiB;
            one.box.allow(limit);
          } else if (what === 'resume' && rare < 4) one.resume();
          else if (what === 'restart' && rare < 2) {
            one.restart();
            granted[who] = { messages: 5, bytes: 300 * KiB };
          } else if (what === 'clear' && rare < 2) one.clear();
          else if (what === 'close' && rare === 0) one.close();
          else if (what === 'lose' && rare < 3) one.box.detach();
          await clock.settle();
          check(what);
        }
        left += boxes.reduce((sum, { received }) => sum + received.seq, 0);
        for (const each of boxes) each.close();
        check('the end');
        expect([memory.used, ...boxes.map(({ box }) => box.messages.bytes)]).to.deep.equal([0, 0, 0, 0]);
      }),
      { numRuns: 300 },
    );
    // Where nothing leaves and nothing is full, everything would hold.
    expect(most).to.be.above(300 * KiB);
    expect(left).to.be.above(1_000);
  });
});
