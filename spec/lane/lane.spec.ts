import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { EMPTY, from, mergeMap, NEVER, Observable, of, Subject } from 'rxjs';
import { Gate } from '../../lib/lane/gate.js';
import type { Ongoing } from '../../lib/lane/slot.js';
import { Doors, numbers, Rig } from './rig.js';

describe('lane', () => {
  it('shows why: plain mergeMap recurses over inners that end at once, and stops in the middle', async () => {
    const program = fileURLToPath(new URL('./program/recursion.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 9_000 });
    expect(Number(stdout)).to.be.within(1, 99_998);
  });

  it('delivers 5,000 works in order though each ends at once and one is slow, at n = 1 and n = 64', async () => {
    const count = 5000;
    for (const concurrency of [1, 64]) {
      const first = new Subject<string>();
      const rig = new Rig({
        concurrency,
        sources: 1,
        run: ({ name }) => (name === '0' ? first : of(name)),
      });
      const gate = new Gate(1);
      const peer = rig.peer();
      peer.send(...numbers(count).map((n) => rig.job(n, { gate })));
      await rig.clock.settle();
      expect(rig.started, 'only the slow one runs').to.deep.equal(['0']);
      first.complete();
      await rig.clock.settle();
      expect(rig.started).to.deep.equal(numbers(count).map(String));
      expect(rig.outputs).to.deep.equal(numbers(count).slice(1).map(String));
      expect(rig.lane.inFlight).to.equal(0);
    }
  });

  it('runs 100,000 works that end at once', async () => {
    for (const run of [() => undefined, () => EMPTY, () => [] as string[]]) {
      const rig = new Rig({ run, concurrency: 1, sources: 1 });
      const peer = rig.peer();
      for (const n of numbers(100_000)) peer.send(rig.job(n));
      await rig.clock.settle();
      expect(rig.started.length).to.equal(100_000);
      expect(rig.lane.inFlight).to.equal(0);
    }
  });

  it('holds no more than its capacity while handlers are slow, where mergeMap alone queues without bound', async () => {
    const source$ = new Subject<number>();
    let begun = 0;
    const counted = (): Observable<never> => {
      begun += 1;
      return NEVER;
    };
    const naive = source$.pipe(mergeMap(counted, 2)).subscribe();
    // Nothing tells this sender to stop: 10,000 are taken and 9,998 are in mergeMap's buffer.
    for (const n of numbers(10_000)) source$.next(n);
    expect(begun).to.equal(2);
    naive.unsubscribe();

    const rig = new Rig({ run: () => NEVER, concurrency: 2, capacity: 100, capacityBytes: 10_000 });
    const peers = numbers(5).map(() => rig.peer());
    for (const peer of peers) peer.send(...numbers(2000).map((n) => rig.job(n)));
    await rig.clock.settle();
    expect(rig.lane.inFlight).to.equal(2);
    expect(rig.lane.queued).to.be.within(5, 100);
    expect(rig.lane.queued + rig.lane.inFlight + peers.reduce((sum, { unsent }) => sum + unsent, 0)).to.equal(
      10_000,
    );
  });

  it('refuses what a peer sends beyond its credit, counts it as received and goes on', async () => {
    const rig = new Rig({ capacity: 8, sources: 1 });
    const source = rig.lane.source(() => {});
    const { messages } = source.limit;
    const admitted = numbers(messages + 3).map((n) => source.admit(rig.job(n)));
    expect(admitted.filter((taken) => taken).length).to.equal(messages);
    expect(admitted.slice(-3)).to.deep.equal([false, false, false]);
    expect(source.received).to.deep.equal({ messages: messages + 3, bytes: messages + 3 });
    await rig.clock.settle();
    expect(rig.started.length).to.equal(messages);
    expect(source.limit.messages).to.be.greaterThan(messages + 3);
  });

  it('outlives a run that throws, at once or as it is followed, or gives nothing that can be followed', async () => {
    const failing = {
      throws: () => {
        throw new Error('throws');
      },
      follows: (): Ongoing<string> => ({
        follow(listener) {
          listener.value('before');
          throw new Error('follows');
        },
        leave() {},
      }),
      nonsense: () => 42 as unknown as string[],
      works: () => Promise.resolve('works'),
    };
    const rig = new Rig({ run: ({ name }) => failing[name as keyof typeof failing](), concurrency: 1 });
    const peer = rig.peer();
    peer.send(...Object.keys(failing).map((name) => rig.job(name)));
    await rig.clock.settle();
    expect(rig.outputs).to.deep.equal(['before', 'works']);
    expect(rig.failures.map((thrown) => (thrown as Error).message.slice(0, 7))).to.deep.equal([
      'throws',
      'follows',
      'Cannot ',
    ]);
    expect(rig.lane.inFlight).to.equal(0);

    // The same in plain rxjs: the first rejection takes the whole stream along.
    const naive: string[] = [];
    await new Promise<void>((resolve) =>
      from(['rejects', 'works'] as const)
        .pipe(mergeMap((name) => (name === 'works' ? failing.works() : Promise.reject(new Error(name)))))
        .subscribe({ next: (value) => naive.push(value), error: () => resolve(), complete: resolve }),
    );
    expect(naive).to.deep.equal([]);
  });

  it('starts nothing in the turn of the burst, so that a beat behind 100 messages is seen first', async () => {
    const seen: string[] = [];
    const rig = new Rig({ run: ({ name }) => [String(seen.push(name))] });
    const peer = rig.peer();
    // Two chunks of one read: the messages, then the beat.
    peer.send(...numbers(64).map((n) => rig.job(n)));
    await Promise.resolve();
    seen.push('beat');
    await rig.clock.settle();
    expect(seen[0]).to.equal('beat');
    expect(seen.length).to.equal(65);

    const naive: string[] = [];
    const source$ = new Subject<string>();
    source$.pipe(mergeMap(async (name) => naive.push(name), 64)).subscribe();
    for (const n of numbers(64)) source$.next(String(n));
    await Promise.resolve();
    naive.push('beat');
    expect(naive.indexOf('beat')).to.equal(64);
  });

  it('lets input be read after every 256 works', async () => {
    const rig = new Rig();
    const peer = await rig.busyPeer();
    const before = rig.started.length;
    const between: number[] = [];
    peer.send(...numbers(1024).map((n) => rig.job(n)));
    rig.clock.soon(() => rig.clock.soon(() => between.push(rig.started.length - before)));
    rig.clock.soon(() => between.push(rig.started.length - before));
    await rig.clock.settle();
    expect(between).to.deep.equal([256, 512]);
  });

  it('lets input be read after 2 ms, when works take long', async () => {
    let now = 0;
    const rig = new Rig({
      run: () => {
        now += 1;
        return undefined;
      },
    });
    rig.clock.now = () => now;
    const peer = rig.peer();
    peer.send(...numbers(64).map((n) => rig.job(n)));
    const after: number[] = [];
    rig.clock.soon(() => after.push(rig.started.length));
    await rig.clock.settle();
    expect(after).to.deep.equal([4]);
    expect(rig.started.length).to.equal(64);
  });

  it('never runs more than its concurrency, and fills a slot in the turn in which it frees', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 3 });
    rig.peer().send(...numbers(10).map((n) => rig.job(n)));
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['0', '1', '2']);
    doors.end('1');
    expect(rig.lane.inFlight).to.equal(2);
    await Promise.resolve();
    expect(doors.names).to.deep.equal(['0', '2', '3']);
    expect(rig.lane.inFlight).to.equal(3);
  });

  it('does not keep input waiting for works that end as soon as they begin', async () => {
    const rig = new Rig({ run: async () => 'done', concurrency: 1, sources: 1 });
    const peer = await rig.busyPeer();
    let last = rig.started.length;
    const all = last + 512;
    peer.send(...numbers(512).map((n) => rig.job(n)));
    const turns: number[] = [];
    const look = () => {
      turns.push(rig.started.length - last);
      last = rig.started.length;
      if (rig.started.length < all) rig.clock.soon(look);
    };
    rig.clock.soon(look);
    await rig.clock.settle();
    expect(Math.max(...turns)).to.be.at.most(256);
    expect(rig.outputs.length).to.equal(all);
  });

  it('passes on every value of a stream, and holds its slot until the stream ends', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 1 });
    rig.peer().send(rig.job('a'), rig.job('b'));
    await rig.clock.settle();
    doors.emit('a', 'a1');
    doors.emit('a', 'a2');
    await rig.clock.settle();
    expect(rig.outputs).to.deep.equal(['a1', 'a2']);
    expect(rig.started).to.deep.equal(['a']);
    doors.end('a');
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(['a', 'b']);
  });

  it('takes the bytes that run off the share of the source whose they are, and of no other', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, capacityBytes: 100, sources: 2 });
    const [a, b] = [rig.peer(), rig.peer()];
    a.send(rig.job('a1', { bytes: 1000 }));
    b.send(rig.job('b1', { bytes: 1000 }));
    await rig.clock.settle();
    a.send(rig.job('a2'));
    b.send(rig.job('b2'));
    await rig.clock.settle();
    expect([a.unsent, b.unsent]).to.deep.equal([1, 1]);
    doors.end('b1');
    await rig.clock.settle();
    expect([a.unsent, b.unsent]).to.deep.equal([1, 0]);
    doors.end('a1');
    await rig.clock.settle();
    expect(a.unsent).to.equal(0);
  });

  it('ends what runs when it is closed, and completes', async () => {
    let ended = 0;
    const forever = () =>
      new Observable<string>(() => () => {
        ended += 1;
      });
    const rig = new Rig({ run: forever, concurrency: 2 });
    const peer = rig.peer();
    peer.send(...numbers(3).map((n) => rig.job(n)));
    await rig.clock.settle();
    rig.lane.close();
    expect(ended).to.equal(2);
    expect(rig.completed).to.equal(true);
    expect(peer.source.clear().map(({ name }) => name)).to.deep.equal(['2']);
    await rig.clock.settle();
    expect(rig.started.length).to.equal(2);
    expect([rig.lane.inFlight, rig.lane.heldBytes]).to.deep.equal([0, 0]);
  });
});
