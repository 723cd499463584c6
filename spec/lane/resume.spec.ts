import { expect } from 'chai';
import { beat, message, outcome, Post, publish } from './post.js';
import { numbers } from './rig.js';

const id = ({ frame }: { frame: { kind: string; id?: string; seq: number } }) => `${frame.id} ${frame.seq}`;

describe('outbox across links', () => {
  it('frees what is acknowledged, cumulatively and once', async () => {
    const post = new Post().open();
    const acked: string[] = [];
    post.send(
      ...['a', 'b', 'c'].map((name) => Object.assign(message(name), { acked: () => acked.push(name) })),
    );
    await post.written();
    expect(post.box.unacked).to.equal(3);
    post.box.acked(2);
    post.box.acked(1);
    expect(acked).to.deep.equal(['a', 'b']);
    post.box.acked(3);
    expect(post.box.unacked).to.equal(0);
  });

  it('keeps no publish', async () => {
    const post = new Post().open();
    post.send(publish('a'), message('b'));
    await post.written();
    expect(post.box.unacked).to.equal(1);
  });

  it('without a link keeps data and drops control frames', async () => {
    const post = new Post();
    post.box.control(beat(1));
    post.send(message('a'));
    post.open();
    expect(await post.written()).to.deep.equal([['m1 a']]);
    post.atOnce = false;
    post.send(message('b'));
    await post.written();
    post.box.control(beat(2));
    post.send(message('c'));
    post.box.detach();
    post.box.control(beat(3));
    post.link();
    post.box.control(beat(4));
    expect(await post.written(), 'data waits until the peer has said what it received').to.deep.equal([
      ['beat 4'],
    ]);
  });

  it('replays what was not received first, in order and with its numbers, then goes on', async () => {
    const post = new Post().open(6);
    post.send(message('a'), publish('b'), message('c'), publish('d'));
    post.box.outcome(outcome(1));
    await post.written();
    post.box.detach();
    post.send(message('e'), message('f'), message('g'));
    post.box.urgent(outcome(2));
    post.link();
    post.box.control(beat(1));
    post.ack = 4;
    // o1 and m2 (a) arrived; b, c and d were under way.
    post.box.resume({ seq: 2, messages: 1, bytes: 1 }, { messages: 4, bytes: 1e9 });
    expect(await post.written()).to.deep.equal([['beat 1', 'm4 c', 'o6 2', 'm7 e', 'm8 f'], ['ack 4']]);
    expect(post.box.queued, 'a and c, e and f were the four that are allowed').to.equal(1);
  });

  it('replays without any credit, in batches, and again if that link is lost too', async () => {
    const post = new Post({ maxBatchBytes: 200 }).open(10);
    post.send(...numbers(5).map((n) => message(n, 60)));
    await post.written();
    for (const round of numbers(2)) {
      post.box.detach();
      post.link();
      post.atOnce = round > 0;
      post.box.resume({ seq: 1, messages: 1, bytes: 60 }, { messages: 1, bytes: 60 });
      const batches = await post.written();
      expect(batches).to.deep.equal(
        round === 0
          ? [['m2 1', 'm3 2']]
          : [
              ['m2 1', 'm3 2'],
              ['m4 3', 'm5 4'],
            ],
      );
    }
    post.send(message('new', 60), message('newer'), message('newest'));
    post.box.allow({ messages: 7, bytes: 360 });
    expect(await post.written(), 'five messages of 60 bytes count as sent').to.deep.equal([['m6 new']]);
    post.box.allow({ messages: 7, bytes: 1000 });
    expect(await post.written()).to.deep.equal([['m7 newer']]);
  });

  it('lets nothing new pass what is still to be replayed, however well it would fit in the batch', async () => {
    const post = new Post({ maxBatchBytes: 400 }).open(10);
    post.send(message('a', 200), message('b', 200));
    await post.written();
    post.box.detach();
    post.link();
    post.send(message('c', 1));
    post.box.outcome(outcome(1));
    post.box.urgent(outcome(2));
    post.box.resume({ seq: 0, messages: 0, bytes: 0 }, { messages: 10, bytes: 1000 });
    expect(await post.written()).to.deep.equal([['m1 a'], ['m2 b', 'o3 2', 'o4 1', 'm5 c']]);
  });

  it('is not confused by acknowledgements that come in the middle of a replay', async () => {
    const post = new Post({ maxBatchBytes: 1 }).open(10);
    post.send(...numbers(4).map((n) => message(n)));
    await post.written();
    post.box.detach();
    post.atOnce = false;
    post.link();
    post.box.resume({ seq: 0, messages: 0, bytes: 0 }, { messages: 10, bytes: 10 });
    expect(await post.written()).to.deep.equal([['m1 0']]);
    post.box.acked(1);
    post.done();
    post.box.acked(2);
    post.done();
    post.send(message('new'));
    post.done();
    post.done();
    expect(await post.written()).to.deep.equal([['m2 1'], ['m3 2'], ['m4 3'], ['m5 new']]);
    expect(post.box.unacked).to.equal(3);
  });

  it('ignores a link that was left behind', async () => {
    const post = new Post().open();
    post.atOnce = false;
    const late: (() => void)[] = [];
    post.box.attach({ write: (_, done) => void late.push(done) });
    post.box.restart();
    post.box.control(beat(1));
    await post.written();
    post.link();
    post.box.control(beat(2));
    await post.written();
    expect(post.inFlight).to.equal(1);
    post.box.control(beat(3));
    for (const done of late) done();
    expect(await post.written(), 'the write on the new link is still under way').to.deep.equal([]);
  });

  it('begins a new session with new numbers and no credit, and gives what had left unanswered', async () => {
    const post = new Post().open(2);
    const [a, b, c] = [message('a'), message('b'), message('c')];
    post.send(a, publish('p'), b, c);
    await post.written();
    post.box.outcome(outcome(1));
    post.box.detach();
    expect(post.box.restart().map(id as never)).to.deep.equal(['a 1']);
    expect([post.box.lastSeq, post.box.unacked, post.box.queued]).to.deep.equal([0, 0, 2]);
    post.link();
    expect(await post.written()).to.deep.equal([]);
    post.box.allow({ messages: 5, bytes: 5 });
    expect(await post.written()).to.deep.equal([['m1 b', 'm2 c']]);
  });

  it('gives everything back when it is closed, and tells what may have been received', async () => {
    const post = new Post().open(1);
    post.send(message('a'), message('b'), publish('c'));
    await post.written();
    expect(post.box.close().map(id as never)).to.deep.equal(['a 1', 'b 0', 'c 0']);
    expect(post.box.queued).to.equal(0);
    post.box.outcome(outcome(1));
    expect(await post.written()).to.deep.equal([]);
  });
});
