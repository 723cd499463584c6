import { expect } from 'chai';
import fc from 'fast-check';
import { Backlog } from '../../lib/lane/backlog.js';
import type { Offered, Outgoing, OverflowRule } from '../../lib/lane/outgoing.js';
import { message, Post } from './post.js';
import { numbers } from './rig.js';

const typed = (type: string, id: string | number, bytes = 1, kept = true): Outgoing => {
  const outgoing = message(id, bytes, kept);
  return { ...outgoing, frame: { ...outgoing.frame, type } };
};
const typeOf = ({ frame }: Outgoing) => (frame.kind === 'message' ? frame.type : '');
const id = ({ frame }: Outgoing) => (frame.kind === 'message' ? frame.id : '');
const large = { capacity: 100_000, capacityBytes: 1e9, maxWaiting: 0 };

function drain(backlog: Backlog): string {
  const ids: string[] = [];
  for (let next = backlog.shift(); next !== undefined; next = backlog.shift()) ids.push(id(next));
  return ids.join(' ');
}

/** What a backlog promises, written down without a thought for speed. */
class Model {
  items: Outgoing[] = [];
  readonly held = new Set<string>();

  constructor(readonly options: { capacity: number; capacityBytes: number; maxWaiting: number }) {}

  get bytes(): number {
    return this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Which may leave next: the first of each type that is not held. */
  get heads(): Outgoing[] {
    const heads = new Map<string, Outgoing>();
    for (const item of this.items) if (!heads.has(typeOf(item))) heads.set(typeOf(item), item);
    return [...heads.values()].filter((item) => !this.held.has(typeOf(item)));
  }

  offer(item: Outgoing, rule: OverflowRule): Offered {
    const { capacity, capacityBytes, maxWaiting } = this.options;
    const fits = (items: Outgoing[], more = 0, times = 1) =>
      items.length === 0 ||
      (items.length < capacity + more &&
        items.reduce((sum, { bytes }) => sum + bytes, item.bytes) <= times * capacityBytes);
    if (fits(this.items) || (rule === 'wait' && fits(this.items, maxWaiting, 2))) {
      this.items.push(item);
      return 'queued';
    }
    if (rule === 'wait' || rule === 'reject') return 'full';
    if (rule === 'drop-newest' || !fits(this.items.filter(({ kept }) => kept))) return 'dropped';
    while (!fits(this.items))
      this.items.splice(
        this.items.findIndex(({ kept }) => !kept),
        1,
      );
    this.items.push(item);
    return 'dropped-oldest';
  }

  take(item: Outgoing): void {
    this.items.splice(this.items.indexOf(item), 1);
  }
}

const action = fc.record({
  what: fc.constantFrom(
    ...(['wait', 'reject', 'drop-newest', 'drop-oldest', 'drop-oldest'] as const),
    ...(['shift', 'shift', 'shift', 'withdraw', 'hold', 'release', 'release all'] as const),
  ),
  type: fc.constantFrom('a', 'b', 'c', 'd'),
  at: fc.nat(),
  bytes: fc.nat(30),
});

describe('a backlog of several message types', () => {
  it('does what the model does: order, bounds, rules and holds, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(action, { minLength: 50, maxLength: 500 }),
        (capacity, actions) => {
          const options = { capacity, capacityBytes: 500, maxWaiting: 5 };
          const backlog = new Backlog(options);
          const model = new Model(options);
          for (const [n, { what, type, at, bytes }] of actions.entries()) {
            if (what === 'shift') {
              const { heads } = model;
              const { front } = backlog;
              const taken = backlog.shift();
              expect(taken).to.equal(front);
              if (heads.length === 0) expect(taken).to.equal(undefined);
              else expect(heads).to.include(taken as Outgoing);
              if (taken) model.take(taken);
            } else if (what === 'withdraw') {
              // Only calls are: a publish that was offered belongs to nobody.
              const calls = model.items.filter(({ kept }) => kept);
              const taken = calls[at % Math.max(1, calls.length)];
              if (taken === undefined) continue;
              expect(backlog.remove(taken)).to.equal(true);
              expect(backlog.remove(taken)).to.equal(false);
              model.take(taken);
            } else if (what === 'hold' || what === 'release') {
              backlog.hold(type, what === 'hold');
              if (what === 'hold') model.held.add(type);
              else model.held.delete(type);
            } else if (what === 'release all') {
              backlog.releaseAll();
              model.held.clear();
            } else {
              const item = typed(type, n, bytes, what === 'wait' || what === 'reject');
              expect(backlog.offer(item, what), what).to.equal(model.offer(item, what));
            }
            expect(backlog.length).to.equal(model.items.length);
            expect(backlog.bytes).to.equal(model.bytes);
            expect(backlog.front === undefined).to.equal(model.heads.length === 0);
          }
          backlog.releaseAll();
          const rest: Outgoing[] = [];
          for (let next = backlog.shift(); next !== undefined; next = backlog.shift()) rest.push(next);
          const byType = (items: Outgoing[]) =>
            ['a', 'b', 'c', 'd'].map((type) => items.filter((item) => typeOf(item) === type).map(id));
          expect(byType(rest)).to.deep.equal(byType(model.items));
        },
      ),
      { numRuns: 150 },
    );
  }).timeout(10_000);

  it('lets the types take turns, one message each', () => {
    const backlog = new Backlog(large);
    for (const n of numbers(4)) backlog.offer(typed('a', `a${n}`), 'wait');
    for (const n of numbers(2)) backlog.offer(typed('b', `b${n}`), 'wait');
    backlog.offer(typed('c', 'c0'), 'wait');
    expect(drain(backlog)).to.equal('a0 b0 c0 a1 b1 a2 a3');
  });

  it('keeps a held type back and lets the others pass; released, it takes its turn again', () => {
    const backlog = new Backlog(large);
    for (const n of numbers(3)) backlog.offer(typed('a', `a${n}`), 'wait');
    backlog.hold('a', true);
    backlog.offer(typed('b', 'b0'), 'wait');
    backlog.offer(typed('a', 'a3'), 'wait');
    expect(drain(backlog)).to.equal('b0');
    expect(backlog.length).to.equal(4);
    backlog.hold('a', false);
    backlog.offer(typed('b', 'b1'), 'wait');
    expect(drain(backlog)).to.equal('a0 b1 a1 a2 a3');
  });

  it('counts what is held against the same bounds, and drops the publish that has waited longest of all', () => {
    const backlog = new Backlog({ capacity: 3, capacityBytes: 100, maxWaiting: 1 });
    backlog.hold('a', true);
    backlog.offer(typed('b', 'b0', 1, false), 'drop-oldest');
    backlog.offer(typed('a', 'a0', 1, false), 'drop-oldest');
    backlog.offer(typed('b', 'b1', 1, false), 'drop-oldest');
    expect(backlog.offer(typed('b', 'b2', 1, false), 'drop-newest')).to.equal('dropped');
    expect(backlog.offer(typed('b', 'b3', 1, false), 'drop-oldest')).to.equal('dropped-oldest');
    expect(backlog.offer(typed('b', 'b4', 1, false), 'drop-oldest'), 'a0 is the oldest now').to.equal(
      'dropped-oldest',
    );
    expect(backlog.offer(typed('a', 'a1'), 'wait')).to.equal('queued');
    expect(backlog.offer(typed('a', 'a2'), 'wait')).to.equal('full');
    expect(drain(backlog)).to.equal('b1 b3 b4');
    backlog.releaseAll();
    expect(drain(backlog)).to.equal('a1');
  });

  it('remembers no more than 1,024 holds, and none of a name that no type can have', () => {
    const backlog = new Backlog(large);
    backlog.hold('x'.repeat(256), true);
    expect(backlog.types).to.equal(0);
    for (const n of numbers(10_000)) backlog.hold(`made up ${n}`, true);
    expect(backlog.types).to.be.at.most(1_024);
    backlog.hold('real', true);
    backlog.offer(typed('real', 'leaves'), 'wait');
    expect(drain(backlog), 'as it would to an older peer').to.equal('leaves');
    for (const n of numbers(10_000)) backlog.hold(`made up ${n}`, false);
    backlog.hold('real', true);
    backlog.offer(typed('real', 'stays'), 'wait');
    expect(drain(backlog)).to.equal('');
  });

  it('forgets types of which nothing waits', () => {
    const backlog = new Backlog(large);
    for (const n of numbers(10_000)) {
      backlog.offer(typed(`type ${n}`, n), 'wait');
      backlog.shift();
    }
    for (const n of numbers(10_000)) backlog.offer(typed(`type ${n}`, n), 'wait');
    for (const n of numbers(5_000)) expect(backlog.shift()).to.include({ bytes: 1 }, String(n));
    expect(backlog.clear().length).to.equal(5_000);
    expect(backlog.types).to.be.at.most(70);
  });

  it('drops and passes in constant time and memory, though the oldest is held and stays', () => {
    const backlog = new Backlog({ ...large, capacity: 20_000 });
    backlog.hold('held', true);
    for (const n of numbers(5_000)) backlog.offer(typed('held', n, 1, false), 'drop-newest');
    for (const n of numbers(200_000)) {
      backlog.offer(typed(`type ${n % 3}`, n, 1, false), 'drop-newest');
      if (n >= 100) backlog.shift();
    }
    expect(backlog.length).to.equal(5_100);
    expect(backlog.places).to.be.at.most(65_536);
  }).timeout(4_000);

  it('gives up many that wait in a moment, newest or oldest first', () => {
    for (const order of ['newest', 'oldest']) {
      const backlog = new Backlog(large);
      const waiting = numbers(60_000).map((n) => typed('a', n));
      for (const one of waiting) backlog.offer(one, 'wait');
      // Searched from the front, the newest first are 1,800 million looks.
      for (const one of order === 'newest' ? waiting.reverse() : waiting)
        if (!backlog.remove(one)) expect.fail('it waits');
      expect(backlog.length).to.equal(0);
    }
  }).timeout(2_000);
});

describe('an outbox whose peer holds a type', () => {
  it('goes on with the others, and with that one as soon as it is released', async () => {
    const post = new Post().open();
    post.box.hold('job', true);
    post.send(message('a'), typed('other', 'b') as never);
    expect(await post.written()).to.deep.equal([['m1 b']]);
    expect(post.box.queued).to.equal(1);
    expect(post.box.idle).to.equal(false);
    post.box.hold('job', false);
    expect(await post.written()).to.deep.equal([['m2 a']]);
  });

  it('forgets it with the link: the peer says anew what it holds, and in a new session it holds nothing', async () => {
    for (const begin of ['resume', 'restart'] as const) {
      const post = new Post().open();
      post.box.hold('job', true);
      post.send(message('a'));
      expect(await post.written()).to.deep.equal([]);
      post.box.detach();
      post.link();
      const nothing = { seq: 0, messages: 0, bytes: 0 };
      if (begin === 'resume') post.box.resume(nothing, { messages: 9, bytes: 9 });
      else {
        post.box.restart();
        post.box.allow({ messages: 9, bytes: 9 });
      }
      expect(await post.written(), begin).to.deep.equal([['m1 a']]);
    }
  });
});
