import { expect } from 'chai';
import { Memory } from '../../lib/lane/memory.js';
import type { Outgoing } from '../../lib/lane/outgoing.js';
import { message, Post, publish } from './post.js';
import { numbers } from './rig.js';

const roomy = { capacity: 1_000, capacityBytes: 1e9 };

/** Two outboxes, each of which may hold 160 bytes while the other one holds nothing, and has a part of 20 for itself. */
function pair() {
  const memory = new Memory({ maxBytes: 1_000, promisedBytes: 146 });
  expect(Math.floor(memory.messages.part)).to.equal(20);
  const [one, other] = [new Post({ ...roomy, memory }), new Post({ ...roomy, memory })];
  return { memory, one, other };
}

describe('an outbox of a process that holds too much', () => {
  it('drops a publish, and turns a call away in another word than where it is full itself', () => {
    const { one } = pair();
    one.send(message('a', 150));
    expect(one.box.offer(publish('b', 20), 'drop-newest')).to.equal('dropped');
    for (const rule of ['wait', 'reject'] as const)
      expect(one.box.offer(message('c', 20), rule)).to.equal('out-of-memory');
    expect(one.box.offer(message('d', 10), 'reject')).to.equal('queued');
    const full = new Post({ capacity: 1 });
    full.send(message('a'));
    expect(full.box.offer(message('b'), 'reject')).to.equal('full');
  });

  it('goes on sending to the others while one takes nothing', () => {
    const { one, other, memory } = pair();
    for (const n of numbers(1_000)) one.box.offer(publish(n, 10), 'drop-newest');
    expect(one.box.queuedBytes).to.equal(160);
    for (const n of numbers(1_000)) other.box.offer(publish(n, 10), 'drop-newest');
    expect(other.box.queuedBytes).to.equal(80);
    expect(memory.messages.used).to.be.at.most(640);
  });

  it('drops its own oldest, as many as are needed, and not where that is not enough', () => {
    const { one, other } = pair();
    for (const n of numbers(16)) one.box.offer(publish(n, 10), 'drop-oldest');
    expect(one.box.queued).to.equal(16);
    expect(one.box.offer(publish('new', 25), 'drop-oldest')).to.equal('dropped-oldest');
    expect([one.box.queued, one.box.queuedBytes]).to.deep.equal([14, 155]);
    expect(one.box.offer(publish('larger than all', 700), 'drop-oldest')).to.equal('dropped');
    other.send(message('kept', 80));
    expect(one.box.offer(publish('larger than its share', 170), 'drop-oldest')).to.equal('dropped');
    expect(one.box.queued, 'nothing was dropped for them').to.equal(14);
    expect(other.box.offer(publish('new', 10), 'drop-oldest'), 'it has none').to.equal('dropped');
  });

  it('changes the oldest for the newest in every outbox of a broadcast, though each payload is held by all', () => {
    const memory = new Memory({ maxBytes: 1_000, promisedBytes: 146 });
    const posts = numbers(10).map(() => new Post({ ...roomy, memory }));
    const broadcast = (bytes: number) => {
      const shared = { holders: 0 };
      return posts.map(({ box }) => box.offer({ ...publish('x', bytes), shared }, 'drop-oldest'));
    };
    for (const _ of numbers(16)) expect(new Set(broadcast(10))).to.deep.equal(new Set(['queued']));
    expect(memory.messages.used, 'each counts once').to.equal(160);
    for (const _ of numbers(50)) expect(new Set(broadcast(10))).to.deep.equal(new Set(['dropped-oldest']));
    expect(memory.messages.used).to.equal(160);
    expect(posts.map(({ box }) => box.queued)).to.deep.equal(numbers(10).map(() => 16));
  });

  it('counts a payload as long as one has it, after the others sent, dropped, withdrew or lost it', async () => {
    const memory = new Memory({ maxBytes: 10_000, promisedBytes: 0 });
    const posts = numbers(6).map(() => new Post({ ...roomy, memory }));
    const shared = { holders: 0 };
    const outgoings: Outgoing[] = posts.map(() => ({ ...publish('x', 100), shared }));
    for (const [index, { box }] of posts.entries()) box.offer(outgoings[index] as Outgoing, 'drop-newest');
    const [sends, withdraws, drops, closes, clears, last] = posts as [Post, Post, Post, Post, Post, Post];
    const used = () => memory.messages.used;
    sends.open();
    await sends.written();
    expect([sends.box.lastSeq, used()]).to.deep.equal([1, 100]);
    withdraws.box.withdraw(outgoings[1] as Outgoing);
    expect(used()).to.equal(100);
    expect(drops.box.offer(publish('own', 1_800), 'drop-oldest')).to.equal('dropped-oldest');
    expect(used()).to.equal(1_900);
    drops.box.clear();
    closes.box.close();
    expect(used()).to.equal(100);
    clears.box.clear();
    expect(used()).to.equal(100);
    last.open();
    await last.written();
    expect(used()).to.equal(0);
    expect(shared.holders).to.equal(0);
  });

  it('holds a call until it is acknowledged, also over a new link, and forgets it with its session', async () => {
    const { one, memory } = pair();
    one.open();
    one.send(message('a', 50), message('b', 40));
    await one.written();
    expect(memory.messages.used).to.equal(90);
    one.box.detach();
    one.link();
    one.box.resume({ seq: 1, messages: 1, bytes: 50 }, { messages: 9, bytes: 1e9 });
    await one.written();
    expect(memory.messages.used, 'b has not been acknowledged').to.equal(40);
    one.box.restart();
    expect(memory.messages.used).to.equal(0);
  });

  it('takes outcomes whether there is room or not, and says of whom it has too many', () => {
    const { one, other, memory } = pair();
    const outcomes = numbers(40).map((re) => ({
      frame: {
        kind: 'outcome' as const,
        seq: 0,
        re,
        status: 'value' as const,
        payload: new Uint8Array(0),
        codec: '',
      },
      bytes: 10,
      kept: true,
    }));
    for (const outcome of outcomes) one.box.outcome(outcome);
    expect(memory.outcomes.used).to.equal(400);
    expect([one.box.outcomes.over, other.box.outcomes.over]).to.deep.equal([true, false]);
    expect(one.box.offer(message('a', 100), 'reject'), 'messages have their own part').to.equal('queued');
    one.box.clear();
    expect([memory.used, one.box.outcomes.over]).to.deep.equal([0, false]);
  });

  it('wakes a producer when another outbox has made room', async () => {
    const { one, other } = pair();
    for (const _ of numbers(100)) one.box.offer(publish('x', 10), 'drop-newest');
    for (const _ of numbers(100)) other.box.offer(publish('x', 1), 'drop-newest');
    expect([other.box.hasRoom, other.box.queuedBytes]).to.deep.equal([false, 80]);
    let woken = false;
    other.box.writable().then(() => {
      woken = true;
    });
    await other.clock.settle();
    expect(woken).to.equal(false);
    one.open();
    await one.written();
    await other.clock.settle();
    expect(woken).to.equal(true);
  });

  it('lets everything else go on while a producer tries again and again what is too large for now', async () => {
    const { one, other } = pair();
    one.send(message('in the way', 150));
    let tries = 0;
    const sent = (async () => {
      while (other.box.offer(publish('large', 300), 'drop-newest') === 'dropped') {
        tries += 1;
        if (tries > 100) throw new Error('it does nothing else any more');
        await other.box.writable();
      }
    })();
    await other.clock.settle();
    expect(tries).to.equal(1);
    one.box.clear();
    await other.clock.settle();
    await sent;
    expect([tries, other.box.queuedBytes]).to.deep.equal([1, 300]);
  });

  it('leaves its part to the others when it is closed, once', () => {
    const memory = new Memory({ maxBytes: 1_024, promisedBytes: 0 });
    const posts = numbers(64).map(() => new Post({ ...roomy, memory }));
    expect([memory.messages.part, memory.outcomes.part]).to.deep.equal([6, 2]);
    for (const { box } of posts.slice(32)) {
      box.close();
      box.close();
    }
    expect([memory.messages.part, memory.outcomes.part]).to.deep.equal([12, 4]);
  });

  it('does not keep a producer waiting for room that came before it asked', async () => {
    const { one, other } = pair();
    one.send(message('in the way', 150));
    expect(other.box.offer(publish('large', 300), 'drop-newest')).to.equal('dropped');
    one.box.clear();
    await other.box.writable();
    expect(other.box.offer(publish('large', 300), 'drop-newest')).to.equal('queued');
  });
});
