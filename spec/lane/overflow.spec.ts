import { expect } from 'chai';
import fc from 'fast-check';
import { BusError } from '../../lib/errors/bus-error.js';
import { Backlog } from '../../lib/lane/backlog.js';
import type { Outgoing } from '../../lib/lane/outgoing.js';
import { message, Post, publish } from './post.js';
import { numbers } from './rig.js';

const id = ({ frame }: Outgoing) => (frame.kind === 'message' ? frame.id : '');
const drain = (backlog: Backlog): string[] => {
  const ids: string[] = [];
  for (let next = backlog.shift(); next !== undefined; next = backlog.shift()) ids.push(id(next));
  return ids;
};
const small = { capacity: 3, capacityBytes: 100, maxWaiting: 2 };

describe('what happens when too much waits to be sent', () => {
  it('drop-newest drops the message that finds no room', () => {
    const backlog = new Backlog(small);
    expect(numbers(5).map((n) => backlog.offer(publish(n), 'drop-newest'))).to.deep.equal([
      'queued',
      'queued',
      'queued',
      'dropped',
      'dropped',
    ]);
    expect(drain(backlog)).to.deep.equal(['0', '1', '2']);
  });

  it('drop-oldest drops the publishes that have waited longest, and never what is kept', () => {
    const backlog = new Backlog(small);
    backlog.offer(message('kept'), 'wait');
    for (const n of numbers(5)) backlog.offer(publish(n), 'drop-oldest');
    expect(drain(backlog)).to.deep.equal(['kept', '3', '4']);

    for (const n of numbers(3)) backlog.offer(message(n), 'wait');
    expect(backlog.offer(publish('none'), 'drop-oldest')).to.equal('dropped');
    expect(drain(backlog)).to.deep.equal(['0', '1', '2']);
  });

  it('drop-oldest makes room in bytes too, and drops nothing when that would not be enough', () => {
    const backlog = new Backlog(small);
    backlog.offer(publish('a', 40), 'drop-oldest');
    backlog.offer(message('b', 40), 'wait');
    expect(backlog.offer(publish('c', 60), 'drop-oldest')).to.equal('dropped-oldest');
    expect(backlog.offer(publish('d', 61), 'drop-oldest')).to.equal('dropped');
    expect(backlog.bytes).to.equal(100);
    expect(drain(backlog)).to.deep.equal(['b', 'c']);
  });

  it('wait takes so many more and no more, reject none', () => {
    const backlog = new Backlog(small);
    const offered = numbers(6).map((n) => backlog.offer(message(n), 'wait'));
    expect(offered).to.deep.equal(['queued', 'queued', 'queued', 'queued', 'queued', 'full']);
    expect(backlog.offer(message('x'), 'reject')).to.equal('full');
    expect(backlog.offer(publish('x'), 'drop-newest')).to.equal('dropped');
    backlog.shift();
    backlog.shift();
    expect(backlog.offer(message('x'), 'reject'), 'those who wait come first').to.equal('full');
    backlog.shift();
    expect(backlog.offer(message('x'), 'reject')).to.equal('queued');
  });

  it('takes a message that is larger than the whole room when nothing else waits', () => {
    const backlog = new Backlog(small);
    expect(backlog.offer(message('large', 1000), 'reject')).to.equal('queued');
    expect(backlog.offer(message('small', 1), 'reject')).to.equal('full');
    backlog.shift();
    expect(backlog.offer(message('a', 60), 'reject')).to.equal('queued');
    expect(backlog.offer(message('b', 41), 'reject')).to.equal('full');
    expect(backlog.offer(message('c', 140), 'wait')).to.equal('queued');
    expect(backlog.offer(message('d', 1), 'wait')).to.equal('full');
  });

  it('stays in order and in bounds, whatever comes, goes and is withdrawn', () => {
    const action = fc.record({
      what: fc.constantFrom(
        'wait',
        'reject',
        'drop-newest',
        'drop-oldest',
        'drop-oldest',
        'shift',
        'withdraw',
      ),
      at: fc.nat(),
      bytes: fc.nat(30),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(action, { maxLength: 500 }),
        (capacity, actions) => {
          const options = { capacity, capacityBytes: 400, maxWaiting: 5 };
          const backlog = new Backlog(options);
          let model: Outgoing[] = [];
          let next = 0;
          for (const { what, at, bytes } of actions) {
            if (what === 'shift') expect(backlog.shift()).to.equal(model.shift());
            else if (what === 'withdraw') {
              const taken = model[at % Math.max(1, model.length)];
              if (taken !== undefined) expect(backlog.remove(taken)).to.equal(true);
              model = model.filter((each) => each !== taken);
            } else {
              const kept = what === 'wait' || what === 'reject';
              const offer = message(next++, bytes, kept);
              const offered = backlog.offer(offer, what);
              if (offered === 'dropped-oldest') {
                while (model.length > backlog.length - 1)
                  model.splice(
                    model.findIndex((each) => !each.kept),
                    1,
                  );
              }
              if (offered === 'queued' || offered === 'dropped-oldest') model.push(offer);
            }
            expect(backlog.length).to.equal(model.length);
            expect(backlog.bytes).to.equal(model.reduce((sum, each) => sum + each.bytes, 0));
            expect(backlog.front).to.equal(model[0]);
            expect(backlog.length).to.be.at.most(capacity + 5);
            expect(backlog.bytes).to.be.at.most(800);
          }
          expect(backlog.clear()).to.deep.equal(model);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('drops the oldest in constant time and memory behind a message that cannot leave', () => {
    const backlog = new Backlog({ capacity: 20_000, capacityBytes: 1e9, maxWaiting: 0 });
    for (const n of numbers(10_000)) backlog.offer(message(`kept ${n}`), 'wait');
    // A list that is searched from its front looks at 10,000 kept ones for each of these: seconds, not milliseconds.
    for (const n of numbers(300_000)) backlog.offer(publish(n), 'drop-oldest');
    expect(backlog.length).to.equal(20_000);
    expect(backlog.places).to.be.at.most(65_536);
    const left = drain(backlog);
    expect(left[9_999]).to.equal('kept 9999');
    expect(left.slice(10_000)).to.deep.equal(numbers(300_000).slice(-10_000).map(String));
  }).timeout(3000);

  it('wakes one producer per place that frees, and passes the place on if it is not used', async () => {
    const post = new Post({ capacity: 2 });
    post.link();
    await post.box.writable();
    post.send(message('a'), message('b'));
    expect(post.box.hasRoom).to.equal(false);
    const woken: number[] = [];
    for (const n of numbers(4)) post.box.writable().then(() => woken.push(n));
    await Promise.resolve();
    expect(woken).to.deep.equal([]);
    post.box.allow({ messages: 1, bytes: 1000 });
    await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
    expect(woken).to.deep.equal([0]);
    await post.clock.settle();
    expect(woken, 'nobody has used the place').to.deep.equal([0, 1, 2, 3]);
  });

  it('lets many lossless producers through without dropping anything', async () => {
    const post = new Post({ capacity: 4 });
    post.link();
    let allowed = 0;
    const grow = () => {
      allowed += 3;
      post.box.allow({ messages: allowed, bytes: 1e9 });
      if (post.box.lastSeq < 200) post.clock.soon(grow);
    };
    let dropped = 0;
    const produce = async () => {
      for (const n of numbers(20)) {
        await post.box.writable();
        while (post.box.offer(publish(n), 'drop-newest') !== 'queued') {
          dropped += 1;
          await post.box.writable();
        }
      }
    };
    const producers = Promise.all(numbers(10).map(produce));
    grow();
    await post.clock.settle();
    await producers;
    expect(post.box.lastSeq + post.box.queued).to.equal(200);
    expect(dropped, 'a producer that is already awake may be first').to.be.lessThan(20);
  });

  it('rejects with closed when it is closed while a producer waits, and afterwards', async () => {
    const post = new Post({ capacity: 1 });
    post.send(message('a'));
    const waiting = post.box.writable().catch((error) => error);
    post.box.close();
    expect(BusError.is(await waiting, 'closed')).to.equal(true);
    expect(BusError.is(await post.box.writable().catch((error) => error), 'closed')).to.equal(true);
    expect(post.box.offer(message('b'), 'wait')).to.equal('full');
    expect(post.box.offer(publish('b'), 'drop-newest')).to.equal('dropped');
  });
});
