import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { BatchWriter, decodeBatch } from '../../lib/frame/codec.js';
import type { Expects, Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { Memory, unbounded } from '../../lib/lane/memory.js';
import { Outbox, type Writable } from '../../lib/lane/outbox.js';
import { WriterPool } from '../../lib/lane/writer-pool.js';
import { type Caller, Calls, type Draft } from '../../lib/session/call.js';
import { Outbound } from '../../lib/session/outbound.js';
import { Publish } from '../../lib/session/publish.js';
import { Tally } from '../../lib/session/tally.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';

const draft = (expects: Expects = 'reply', more: Partial<Draft> = {}): Draft => ({
  type: 't',
  payload: new Uint8Array(1),
  codec: 'bytes',
  expects,
  deadlineAt: 0,
  attempt: 1,
  id: '',
  ...more,
});

/** The same for which nobody waits. */
const note = () => new Publish(draft('nothing'), undefined);

/** One side's outbound over an outbox whose link is the spec. */
class Rig {
  readonly clock = virtualClock();
  readonly left: Frame[] = [];
  readonly outbox: Outbox;
  readonly outbound: Outbound;

  constructor(memory = unbounded()) {
    const options = {
      clock: this.clock,
      memory,
      capacity: 4,
      capacityBytes: 1_000,
      maxWaiting: 2,
      maxBatchBytes: 16_000,
      writers: new WriterPool(() => new BatchWriter()),
    };
    this.outbox = new Outbox(options, {
      ack: () => undefined,
      left: (outgoing) => this.outbound.left(outgoing),
      unwritable: (outgoing, thrown) => this.outbound.unwritable(outgoing, thrown),
    });
    this.outbound = new Outbound("worker 'w1'", this.clock, this.outbox);
  }

  link(credit = 100): this {
    const write: Writable['write'] = (batch, done) => {
      this.left.push(...decodeBatch(batch).frames);
      done();
    };
    this.outbox.attach({ write });
    this.outbox.allow({ messages: credit, bytes: 1_000_000 });
    return this;
  }

  /** What left since it was last asked. */
  async sent(): Promise<Frame[]> {
    await this.clock.settle();
    return this.left.splice(0);
  }

  /** A call and the record of what its caller was told. */
  call(expects: Expects = 'reply', more: Partial<Draft> = {}) {
    const told: string[] = [];
    const caller: Caller = {
      accepted: () => told.push('accepted'),
      outcome: ({ status }) => {
        told.push(status);
        return status !== 'item';
      },
      failed: ({ code }) => told.push(`failed ${code}`),
      undelivered: ({ code }) => told.push(`undelivered ${code}`),
    };
    return { told, call: this.outbound.call(draft(expects, more), 'wait', caller) };
  }
}

const answer = (re: number, status: Outcome['status'] = 'value'): Outcome => ({
  kind: 'outcome',
  seq: 1,
  re,
  status,
  payload: new Uint8Array(0),
  codec: '',
  ...(status === 'fault' ? { fault: { code: 'draining', message: 'no', retryable: true, details: '' } } : {}),
});
const gone = (delivery: string) => new BusError('peer-lost', delivery);
const cancelled = new BusError('cancelled', 'the caller went');

describe('Outbound', () => {
  it('tells a send that it was accepted when its number is acknowledged, and a later done to nobody', async () => {
    const rig = new Rig().link();
    const { told, call } = rig.call('acceptance');
    await rig.sent();
    rig.outbox.acked(1);
    expect(told).to.deep.equal(['accepted']);
    rig.outbound.settle(answer(1, 'done'));
    expect(told).to.deep.equal(['accepted']);
    expect(call.settled).to.equal(true);
    expect(rig.outbound.waiting).to.equal(0);
  });

  it('tells a send of the refusal that comes before the acknowledgement, and of nothing else', async () => {
    const rig = new Rig().link();
    const { told } = rig.call('acceptance');
    await rig.sent();
    rig.outbound.settle(answer(1, 'fault'));
    rig.outbox.acked(1);
    expect(told).to.deep.equal(['fault']);
  });

  it('reports a fault after the acceptance, and an end of the peer, as undelivered', async () => {
    const rig = new Rig().link();
    const [first, second, third] = [rig.call('acceptance'), rig.call('acceptance'), rig.call('acceptance')];
    await rig.sent();
    rig.outbox.acked(2);
    rig.outbound.settle(answer(1, 'fault'));
    rig.outbound.close(gone);
    expect(first.told).to.deep.equal(['accepted', 'undelivered draining']);
    expect(second.told).to.deep.equal(['accepted', 'undelivered peer-lost']);
    expect(third.told).to.deep.equal(['failed peer-lost']);
  });

  it('does not take an acknowledgement for the answer to a request', async () => {
    const rig = new Rig().link();
    const { told } = rig.call();
    await rig.sent();
    rig.outbox.acked(1);
    expect(told).to.deep.equal([]);
    rig.outbound.settle(answer(1));
    expect(told).to.deep.equal(['value']);
  });

  it('settles each call once, and ignores outcomes for nobody', async () => {
    const rig = new Rig().link();
    const { told } = rig.call();
    await rig.sent();
    for (const re of [0, 2, 999, -1]) rig.outbound.settle(answer(re));
    rig.outbound.settle(answer(1));
    rig.outbound.settle(answer(1, 'fault'));
    rig.outbound.close(gone);
    expect(told).to.deep.equal(['value']);
  });

  it('gives a stream its items until its end', async () => {
    const rig = new Rig().link();
    const { told } = rig.call('stream');
    await rig.sent();
    for (const status of ['item', 'item', 'done', 'item'] as const) rig.outbound.settle(answer(1, status));
    expect(told).to.deep.equal(['item', 'item', 'done']);
  });

  it('takes a call out that is given up before it left, and sends nothing', async () => {
    const rig = new Rig();
    const { told, call } = rig.call();
    rig.outbound.abandon(call, cancelled);
    rig.outbound.abandon(call, cancelled);
    expect(rig.outbox.queued).to.equal(0);
    rig.link();
    expect(await rig.sent()).to.deep.equal([]);
    expect(told).to.deep.equal(['failed cancelled']);
  });

  it('tells the peer of a call that is given up after it left, and takes no answer any more', async () => {
    const rig = new Rig().link();
    const { told, call } = rig.call();
    await rig.sent();
    rig.outbound.abandon(call, cancelled);
    expect(await rig.sent()).to.deep.equal([{ kind: 'cancel', re: 1, reason: 'cancelled' }]);
    rig.outbound.settle(answer(1));
    expect(told).to.deep.equal(['failed cancelled']);
  });

  it('says again at a resume who gave up and how much was asked for, until the peer has answered', async () => {
    const rig = new Rig().link();
    const [given, streamed, plain] = [rig.call(), rig.call('stream'), rig.call()];
    await rig.sent();
    rig.outbox.detach();
    // No link: neither of these can leave.
    rig.outbound.abandon(given.call, cancelled);
    rig.outbound.pull(streamed.call, 96);
    rig.link();
    const received = { seq: 3, messages: 3, bytes: 3 };
    rig.outbox.resume(received, { messages: 100, bytes: 1_000 });
    rig.outbound.resume();
    expect(await rig.sent()).to.have.deep.members([
      { kind: 'pull', re: 2, items: 96 },
      { kind: 'cancel', re: 1, reason: 'cancelled' },
    ]);
    rig.outbound.settle(answer(1, 'fault'));
    rig.outbound.settle(answer(2, 'done'));
    rig.outbound.resume();
    expect(await rig.sent()).to.deep.equal([]);
    expect(plain.told).to.deep.equal([]);
  });

  it('fails what had left when the peer begins anew, and lets what had not go into the new session', async () => {
    const rig = new Rig().link(1);
    const [left, queued] = [rig.call(), rig.call()];
    await rig.sent();
    rig.outbox.detach();
    rig.outbound.renew(gone);
    expect(left.told).to.deep.equal(['failed peer-lost']);
    rig.link();
    expect(await rig.sent()).to.have.nested.property('[0].seq', 1);
    expect(queued.told).to.deep.equal([]);
    rig.outbound.settle(answer(1));
    expect(queued.told).to.deep.equal(['value']);
  });

  it('says of every call at the end whether it had been sent', async () => {
    const rig = new Rig().link(1);
    const told: string[] = [];
    const caller = {
      accepted() {},
      outcome: () => true,
      undelivered() {},
      failed: ({ message }: BusError) => told.push(message),
    };
    rig.outbound.call(draft(), 'wait', caller);
    rig.outbound.call(draft(), 'wait', caller);
    await rig.sent();
    rig.outbound.close(gone);
    expect(told.sort()).to.deep.equal(['not-sent', 'unknown']);
  });

  it('takes nothing once it is over', async () => {
    const rig = new Rig().link();
    rig.outbound.close(gone);
    expect(() => rig.call()).to.throw('not-sent');
    expect(rig.outbound.publish(note(), 'drop-newest')).to.equal('dropped');
    await rig.outbound.writable().then(
      () => expect.fail('there is room'),
      (thrown) => expect(thrown.message).to.equal('not-sent'),
    );
  });

  it('rejects what finds no room: beyond the capacity, and beyond those that may wait', () => {
    const rig = new Rig();
    for (let i = 0; i < 4; i++) rig.call();
    const caller: Caller = { accepted() {}, outcome: () => true, failed() {}, undelivered() {} };
    expect(() => rig.outbound.call(draft(), 'reject', caller)).to.throw(/finds no room/);
    rig.call();
    rig.call();
    expect(() => rig.call()).to.throw(/finds no room/);
    expect(rig.outbound.publish(note(), 'drop-newest')).to.equal('dropped');
  });

  it('does not send what is larger than the peer takes', () => {
    const rig = new Rig().link();
    rig.outbound.begin({ maxPayloadBytes: 3, credited: true, maxUnanswered: Number.POSITIVE_INFINITY });
    expect(() => rig.call('reply', { payload: new Uint8Array(4) })).to.throw(/at most 3 are taken/);
    rig.call('reply', { payload: new Uint8Array(3) });
    expect(rig.outbox.queued).to.equal(1);
  });

  it('tells the time that remains as a message leaves, not as it was asked for', async () => {
    const rig = new Rig();
    rig.call('reply', { deadlineAt: 1_000 });
    rig.call();
    await rig.clock.advance(400);
    rig.link();
    const [timed, untimed] = (await rig.sent()) as [Message, Message];
    expect(timed.timeoutMs).to.equal(600);
    expect(untimed.timeoutMs).to.equal(0);
  });

  it('tells a caller whose message cannot be encoded', async () => {
    const rig = new Rig().link();
    const { told } = rig.call('reply', { type: 5 as never });
    await rig.sent();
    expect(told).to.deep.equal(['failed unserialisable']);
    expect(rig.outbound.waiting).to.equal(0);
  });

  describe('to a peer of the baseline profile', () => {
    const baseline = () => {
      const rig = new Rig().link(0);
      rig.outbound.begin({ maxPayloadBytes: 1_000, credited: false, maxUnanswered: 16 });
      rig.outbox.allow({ messages: 16, bytes: Number.POSITIVE_INFINITY });
      return rig;
    };

    it('asks for an answer to each publish, which is how its room comes back', async () => {
      const rig = baseline();
      for (let i = 0; i < 4; i++) rig.outbound.publish(note(), 'drop-newest');
      expect((await rig.sent()).map((frame) => (frame as Message).expects)).to.deep.equal(
        Array(4).fill('acceptance'),
      );
    });

    it('drops no call that waits in favour of a publish', () => {
      const rig = new Rig();
      rig.outbound.begin({ maxPayloadBytes: 1_000, credited: false, maxUnanswered: 16 });
      for (let i = 0; i < 4; i++) rig.call();
      expect(rig.outbound.publish(note(), 'drop-oldest')).to.equal('dropped');
      expect(rig.outbox.queued).to.equal(4);
    });

    it('never has more than 16 messages without an answer, and counts no item of a stream for one', async () => {
      const rig = baseline();
      const send = async (count: number) => {
        for (let i = 0; i < count; i++) {
          rig.call('stream');
          await rig.sent().then((frames) => total.push(...frames));
        }
      };
      const total: Frame[] = [];
      await send(20);
      expect(total).to.have.length(16);
      rig.outbound.settle(answer(1, 'item'));
      expect(await rig.sent()).to.have.length(0);
      rig.outbound.settle(answer(1, 'done'));
      expect(await rig.sent()).to.have.length(1);
    });
  });

  it('sends what waited to a peer without credit too, though by then there is no memory for it', async () => {
    const memory = new Memory({ maxBytes: 1_000, promisedBytes: 0 });
    const rig = new Rig(memory);
    const calls = ['a', 'b', 'c'].map((type) => rig.call('reply', { type, payload: new Uint8Array(50) }));
    memory.messages.open().hold({ frame: answer(1), bytes: 700, kept: true });
    const refused = () => rig.call('reply', { payload: new Uint8Array(50) });
    expect(refused).to.throw(BusError, 'memory of this process');
    rig.outbound.begin({ maxPayloadBytes: 1_000, credited: false, maxUnanswered: 9 });
    await rig.link().sent();
    expect(calls.map(({ told, call }) => [...told, call.hasLeft])).to.deep.equal([[true], [true], [true]]);
  });

  it('forgets the oldest of the calls that were given up, for a peer that answers none', () => {
    const calls = new Calls(new Tally().sent, () => 0);
    for (let seq = 1; seq <= 100_000; seq += 1) calls.abandon(seq);
    expect([...calls.abandoned].length).to.equal(65_536);
    expect([1, 100_000].map((seq) => calls.isAbandoned(seq))).to.deep.equal([false, true]);
  });
});
