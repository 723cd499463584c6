import { expect } from 'chai';
import type { Writable } from '../../lib/lane/outbox.js';
import { beat, message, outcome, Post, publish } from './post.js';
import { numbers } from './rig.js';

describe('outbox', () => {
  it('puts the frames of a turn in one batch: control frames, the acknowledgement, data', async () => {
    const post = new Post().open();
    post.send(message('a'));
    post.box.outcome(outcome(7));
    post.box.control(beat(1));
    post.ack = 5;
    post.box.control({ kind: 'drain' });
    expect(post.batches, 'nothing leaves before the turn ends').to.deep.equal([]);
    expect(await post.written()).to.deep.equal([['beat 1', 'drain', 'ack 5', 'o1 7', 'm2 a']]);
    expect(post.box.idle).to.equal(true);
  });

  it('lets the latest beat, grant and announcement take the place of one that waits, and keeps a probe', async () => {
    const post = new Post().open();
    post.atOnce = false;
    post.box.control({ kind: 'drain' });
    await post.written();
    for (const n of numbers(1_000)) post.box.control(beat(n));
    post.box.control({ ...beat(0), probe: true });
    for (const n of numbers(1_000)) post.box.control({ kind: 'credit', messages: n, bytes: n });
    for (const n of numbers(1_000)) post.box.control(beat(5_000 + n));
    post.done();
    const [next = []] = await post.written();
    expect(next.filter((word) => word.startsWith('beat')).length).to.equal(2);
    expect(next.length).to.equal(3);
  });

  it('gives back the memory of a batch that its link has done with, once, if the link says that it is free', async () => {
    const post = new Post().open();
    post.atOnce = false;
    post.send(message('a'));
    await post.written();
    expect(post.words.free).to.equal(0);
    post.done(true);
    expect(post.words.free).to.equal(1);
    post.send(message('b'));
    await post.written();
    post.done();
    expect(post.words.free, 'not free').to.equal(1);
  });

  it('gives no memory back of two batches at once, of which nobody knows which is done', async () => {
    const post = new Post().open();
    post.atOnce = false;
    post.send(message('a'));
    await post.written();
    post.send(message('b'));
    post.box.flush();
    expect(post.inFlight).to.equal(2);
    post.done(true);
    post.done(true);
    expect(post.words.free).to.equal(0);
  });

  it('lets go of the memory of a batch that its link has not taken for an interval', async () => {
    const post = new Post().open();
    post.atOnce = false;
    for (const n of numbers(3)) {
      post.box.control(beat(n));
      await post.written();
    }
    expect(post.inFlight).to.equal(1);
    post.done(true);
    expect(post.words.free).to.equal(0);
    await post.written();
    post.done(true);
    expect(post.words.free, 'of the next one').to.equal(1);
  });

  it('gives no memory back that a lost link was writing', async () => {
    const post = new Post().open();
    post.atOnce = false;
    post.send(message('a'));
    await post.written();
    post.link();
    post.done(true);
    expect(post.words.free).to.equal(0);
  });

  it('counts the outcomes that are owed until they are acknowledged', async () => {
    const post = new Post().open();
    for (const n of numbers(3)) post.box.outcome(outcome(n));
    expect(post.box.owed.messages).to.equal(3);
    await post.written();
    expect(post.box.owed.messages, 'not acknowledged').to.equal(3);
    post.box.acked(2);
    expect(post.box.owed.messages).to.equal(1);
    post.box.acked(3);
    expect({ ...post.box.owed }).to.deep.equal({ messages: 0, bytes: 0 });
  });

  it('does not wait longer than the turn', async () => {
    const post = new Post().open();
    post.send(message('a'));
    await Promise.resolve();
    expect(post.batches.length).to.equal(1);
  });

  it('has one write in flight, and control frames that come meanwhile pass all data that waits', async () => {
    const post = new Post().open();
    post.atOnce = false;
    post.send(message('a'));
    await post.written();
    post.send(...numbers(50).map((n) => publish(n)));
    post.box.outcome(outcome(1));
    post.box.control(beat(1));
    expect(await post.written(), 'the link is not done').to.deep.equal([]);
    expect(post.inFlight).to.equal(1);
    post.done();
    const [next] = post.batches.splice(0);
    expect(next?.slice(0, 2)).to.deep.equal(['beat 1', 'o2 1']);
    expect(post.inFlight).to.equal(1);
    post.box.control(beat(2));
    post.done();
    expect(await post.written()).to.deep.equal([['beat 2']]);
  });

  it('survives a link that is done at once, 10,000 batches in a row', async () => {
    const post = new Post({ capacity: 20_000, capacityBytes: 1e9, maxBatchBytes: 1 }).open(20_000);
    post.send(...numbers(10_000).map((n) => publish(n)));
    expect((await post.written()).length).to.equal(10_000);
  });

  it('hands over at once when it is told to, and told so from within a write it does not recurse', async () => {
    const post = new Post().open();
    post.box.control(beat(1));
    post.box.flush();
    expect(post.batches).to.deep.equal([['beat 1']]);

    const { box, words } = new Post({ capacity: 20_000, capacityBytes: 1e9, maxBatchBytes: 1 });
    let batches = 0;
    const write: Writable['write'] = (_, done) => {
      batches += 1;
      words.words = [];
      done();
      box.flush();
    };
    box.attach({ write });
    box.allow({ messages: 20_000, bytes: 1e9 });
    for (const n of numbers(10_000)) box.offer(publish(n), 'wait');
    box.flush();
    expect(batches).to.equal(10_000);
  });

  it('ends a batch at its largest size, and gives a larger frame one of its own behind the control frames', async () => {
    const post = new Post({ maxBatchBytes: 1000 }).open();
    post.send(message('a', 400), message('b', 400), message('c', 400), message('large', 5000), message('d'));
    post.box.control(beat(1));
    post.ack = 1;
    expect(await post.written()).to.deep.equal([
      ['beat 1', 'ack 1', 'm1 a', 'm2 b'],
      ['m3 c'],
      ['m4 large'],
      ['m5 d'],
    ]);
    post.atOnce = false;
    post.send(message('large', 5000));
    for (const n of numbers(3)) {
      post.box.control(beat(n));
      post.ack = n;
    }
    expect((await post.written())[0]?.at(-1), 'control frames in front do not keep it back').to.equal(
      'm6 large',
    );
  });

  it('sends messages while credit lasts, the last one on any byte that is left', async () => {
    const post = new Post();
    post.link();
    post.send(...numbers(4).map((n) => message(n, 100)));
    expect(await post.written()).to.deep.equal([]);
    post.box.allow({ messages: 1, bytes: 1000 });
    expect(await post.written()).to.deep.equal([['m1 0']]);
    post.box.allow({ messages: 100, bytes: 101 });
    expect(await post.written(), 'bytes do not shrink').to.deep.equal([['m2 1', 'm3 2', 'm4 3']]);

    post.box.allow({ messages: 4, bytes: 1000 });
    post.send(message(4));
    expect(await post.written(), 'nor do messages').to.deep.equal([['m5 4']]);

    const bytes = new Post();
    bytes.link();
    bytes.send(...numbers(4).map((n) => message(n, 100)));
    bytes.box.allow({ messages: 100, bytes: 101 });
    expect(await bytes.written()).to.deep.equal([['m1 0', 'm2 1']]);
    for (const again of [101, 50, 200]) bytes.box.allow({ messages: 100, bytes: again });
    expect(await bytes.written(), 'a repeated or older grant gives nothing').to.deep.equal([]);
    bytes.box.allow({ messages: 100, bytes: 201 });
    expect(await bytes.written()).to.deep.equal([['m3 2']]);
  });

  it('lets outcomes pass without any message credit, so that two full sides do not wait for each other', async () => {
    const post = new Post();
    post.link();
    post.send(...numbers(64).map((n) => message(n)));
    for (const n of numbers(64)) post.box.outcome(outcome(n));
    const [batch] = await post.written();
    expect(batch).to.deep.equal(numbers(64).map((n) => `o${n + 1} ${n}`));
    expect(post.box.queued).to.equal(64);
  });

  it('gives messages every fourth place while outcomes wait too', async () => {
    const post = new Post({ capacity: 1000 }).open();
    for (const n of numbers(90)) post.box.outcome(outcome(n));
    post.send(...numbers(90).map((n) => message(n)));
    const [batch = []] = await post.written();
    const kinds = batch.map((each) => each[0]);
    expect(kinds.slice(0, 8).join('')).to.equal('ooomooom');
    expect(kinds.slice(0, 120).filter((kind) => kind === 'm').length).to.equal(30);
    expect(batch.length).to.equal(180);
  });

  it('sends a refusal one batch before the acknowledgement that covers it', async () => {
    const post = new Post({ maxBatchBytes: 1 }).open();
    post.send(message('a'));
    post.box.outcome(outcome(1));
    post.box.urgent(outcome(2));
    post.box.urgent(outcome(3));
    post.ack = 3;
    const batches = await post.written();
    expect(batches).to.deep.equal([['o1 2'], ['o2 3'], ['ack 3', 'o3 1'], ['m4 a']]);
  });

  it('asks for the acknowledgement once per batch, and sends it alone if need be', async () => {
    const post = new Post().open();
    await post.written();
    post.ack = 9;
    expect(await post.written()).to.deep.equal([]);
    post.box.ackDue();
    expect(await post.written()).to.deep.equal([['ack 9']]);
  });

  it('gives back credit that it does not use, but for one message, and nothing while something waits', async () => {
    const post = new Post().open(3);
    post.send(message('a'));
    expect(post.box.giveBack()).to.equal(undefined);
    await post.written();
    expect(post.box.giveBack()).to.deep.equal({
      held: { messages: 3, bytes: 1e9 },
      kept: { messages: 2, bytes: 4097 },
    });
    expect(post.box.giveBack()).to.equal(undefined);
    post.send(message('b'), message('c'));
    expect(await post.written()).to.deep.equal([['m2 b']]);
    post.box.allow({ messages: 4, bytes: 1e9 });
    expect(await post.written()).to.deep.equal([['m3 c']]);
  });

  it('gives each message its number and tells of it once, before it is encoded, and counts nothing that is taken back', async () => {
    const post = new Post().open();
    const [a, b, c] = [message('a'), message('b'), message('c')];
    post.send(a, b, c);
    expect(post.box.withdraw(b)).to.equal(true);
    expect(post.box.withdraw(b)).to.equal(false);
    expect(await post.written()).to.deep.equal([['m1 a', 'm2 c']]);
    expect(post.told).to.deep.equal(['m1 a', 'm2 c']);
    expect(post.box.withdraw(a)).to.equal(false);
    expect([a.frame.seq, b.frame.seq, c.frame.seq]).to.deep.equal([1, 0, 2]);
    expect(post.box.lastSeq).to.equal(2);
  });

  it('goes on behind a frame that cannot be encoded', async () => {
    const post = new Post().open();
    const bad = message('unwritable');
    post.send(message('a'), bad, message('b'));
    expect(await post.written()).to.deep.equal([['m1 a', 'm3 b']]);
    expect(post.unwritable).to.deep.equal([bad]);
    expect(post.box.unacked).to.equal(2);
  });
});
