import { expect } from 'chai';
import { Gate } from '../../lib/lane/gate.js';
import { Doors, type Job, numbers, Rig } from './rig.js';

describe('the order in which the lane starts works', () => {
  it('starts the one message of a quiet source within one round of a source that floods', async () => {
    const rig = new Rig({ concurrency: 1, sources: 2, run: () => Promise.resolve('') });
    const flood = rig.peer();
    flood.send(...numbers(8192).map((n) => rig.job(`flood ${n}`)));
    await rig.clock.settle();
    expect(rig.started.length, 'the window of the flood has grown').to.equal(8192);
    flood.send(...numbers(4096).map((n) => rig.job(`flood ${n}`)));
    expect(rig.lane.queued).to.be.greaterThan(3000);
    rig.peer().send(rig.job('quiet'));
    const before = rig.started.length;
    await rig.clock.settle();
    expect(rig.started.indexOf('quiet') - before).to.be.at.most(1);
  });

  it('takes the flows of one source in turn', async () => {
    const rig = new Rig({ concurrency: 1 });
    const [a, b] = [new Gate(1), new Gate(1)];
    const peer = rig.peer();
    peer.send(...['a1', 'a2', 'a3'].map((name) => rig.job(name, { gate: a })));
    peer.send(...['b1', 'b2'].map((name) => rig.job(name, { gate: b })));
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('keeps to the limit of each gate, and a closed one holds up nobody else', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 5 });
    const [two, free] = [new Gate(2), new Gate(64)];
    const peer = rig.peer();
    peer.send(...numbers(4).map((n) => rig.job(`two ${n}`, { gate: two })));
    peer.send(...numbers(2).map((n) => rig.job(`free ${n}`, { gate: free })));
    await rig.clock.settle();
    expect(doors.names).to.have.members(['two 0', 'two 1', 'free 0', 'free 1']);
    expect(two.running).to.equal(2);
    expect(two.queued).to.equal(2);
    doors.end('two 1');
    await rig.clock.settle();
    expect(doors.names).to.have.members(['two 0', 'two 2', 'free 0', 'free 1']);
  });

  it('serves the sources that wait at one gate in turn, newcomers last', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run });
    const gate = new Gate(1);
    const [a, b, c] = [rig.peer(), rig.peer(), rig.peer()];
    a.send(...['a1', 'a2'].map((name) => rig.job(name, { gate })));
    b.send(...['b1', 'b2'].map((name) => rig.job(name, { gate })));
    await rig.clock.settle();
    doors.end('a1');
    c.send(rig.job('c1', { gate }));
    await rig.clock.settle();
    for (const name of ['b1', 'a2', 'c1', 'b2']) {
      expect(doors.names).to.deep.equal([name]);
      doors.end(name);
      await rig.clock.settle();
    }
    expect(gate.idle).to.equal(true);
  });

  it('keeps the place that frees for who has waited, though a newcomer is first to be looked at', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 2 });
    const gate = new Gate(1);
    const [a, b, c] = [rig.peer(), rig.peer(), rig.peer()];
    a.send(rig.job('a1', { gate }));
    b.send(rig.job('b1', { gate }));
    await rig.clock.settle();
    a.send(rig.job('other'));
    await rig.clock.settle();
    c.send(rig.job('c1', { gate }));
    await rig.clock.settle();
    doors.end('a1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['other', 'b1']);
  });

  it('runs one work per key at a time, in order, and other keys beside it', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run });
    const gate = new Gate(2);
    const [x, y, z] = [new Gate(1), new Gate(1), new Gate(1)];
    const peer = rig.peer();
    const send = (name: string, key: Gate) => peer.send(rig.job(name, { gate, key }));
    send('x1', x);
    send('x2', x);
    send('y1', y);
    send('z1', z);
    send('x3', x);
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['x1', 'y1']);
    doors.end('y1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['x1', 'z1']);
    doors.end('z1');
    await rig.clock.settle();
    expect(doors.names, 'the second place at the gate stays free: x is taken').to.deep.equal(['x1']);
    doors.end('x1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['x2']);
    doors.end('x2');
    await rig.clock.settle();
    doors.end('x3');
    expect([gate, x, y, z].map(({ idle }) => idle)).to.deep.equal([true, true, true, true]);
  });

  it('keeps order per key across sources, and loses no place that a blocked key passes on', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 8 });
    const gate = new Gate(3);
    const keys = numbers(5).map(() => new Gate(1));
    const peers = numbers(4).map(() => rig.peer());
    let sent = 0;
    for (const n of numbers(20)) {
      for (const [who, peer] of peers.entries()) {
        const key = (n * 7 + who * 3) % 5;
        peer.send(rig.job(`${who} ${key} ${n}`, { gate, key: keys[key] as Gate }));
        sent += 1;
      }
    }
    for (let step = 0; rig.started.length < sent || doors.names.length > 0; step += 1) {
      await rig.clock.settle();
      expect(gate.running).to.equal(doors.names.length);
      expect(gate.running).to.be.within(1, 3);
      for (const key of keys) expect(key.running).to.be.at.most(1);
      doors.end(doors.names[(step * 5) % doors.names.length] as string);
    }
    const of = (who: number, key: number) =>
      rig.started
        .filter((name) => name.startsWith(`${who} ${key} `))
        .map((name) => Number(name.split(' ')[2]));
    for (const who of numbers(4)) {
      for (const key of numbers(5)) {
        const order = of(who, key);
        expect(order).to.deep.equal([...order].sort((a, b) => a - b));
      }
    }
    expect(gate.idle && keys.every(({ idle }) => idle)).to.equal(true);
  });

  it('withdraws a queued work, gives its credit back, and tells whether it was in time', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 1, capacity: 16, sources: 1 });
    const source = rig.lane.source(() => {});
    const [a, b, c] = ['a', 'b', 'c'].map((name) => rig.job(name)) as [Job, Job, Job];
    source.admit(a);
    await rig.clock.settle();
    source.admit(b);
    source.admit(c);
    expect(source.withdraw(a), 'runs already').to.equal(false);
    const { messages } = rig.lane.reserved;
    expect(source.withdraw(b)).to.equal(true);
    expect(source.withdraw(b)).to.equal(false);
    expect(rig.lane.reserved.messages).to.equal(messages - 1);
    expect(rig.lane.queued).to.equal(1);
    expect(rig.gate.queued).to.equal(1);
    doors.end('a');
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(['a', 'c']);
  });

  it('does not stall when the work that a place was kept for is withdrawn', async () => {
    const doors = new Doors();
    const gate = new Gate(1);
    const rig = new Rig({ run: doors.run });
    const [a, b, c] = [rig.peer(), rig.peer(), rig.peer()];
    a.send(rig.job('a', { gate }));
    await rig.clock.settle();
    const withdrawn = rig.job('b', { gate });
    b.send(withdrawn);
    c.send(rig.job('c', { gate }));
    await rig.clock.settle();
    doors.end('a');
    b.source.withdraw(withdrawn);
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['c']);
  });

  it('clears a source without touching the others, parked flows and keys included', async () => {
    const doors = new Doors();
    const gate = new Gate(1);
    const rig = new Rig({ run: doors.run });
    const [a, b] = [rig.peer(), rig.peer()];
    a.send(rig.job('a1', { gate }));
    await rig.clock.settle();
    a.send(rig.job('a2', { gate }), rig.job('a3', { gate, key: new Gate(1) }), rig.job('a4'));
    b.send(rig.job('b1', { gate }));
    await rig.clock.settle();
    a.send(rig.job('a5'));
    expect(gate.waiting).to.equal(3);
    const cleared = a.source.clear().map(({ name }) => name);
    expect(cleared).to.have.members(['a2', 'a3', 'a5']);
    expect(gate.waiting, 'a stuck handler holds on to nobody who has left').to.equal(1);
    expect(rig.lane.queued).to.equal(1);
    doors.end('a1', 'a4');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['b1']);
    a.send(rig.job('a6', { gate }));
    await rig.clock.settle();
    doors.end('b1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['a6']);
  });

  it('gives back everything that a closed source held', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 1 });
    const peer = rig.peer();
    peer.send(rig.job('a', { bytes: 1000 }), rig.job('b', { bytes: 500 }));
    await rig.clock.settle();
    peer.source.close();
    expect(peer.source.admit(rig.job('c'))).to.equal(false);
    expect(rig.lane.reserved).to.deep.equal({ messages: 0, bytes: 1000 });
    doors.end('a');
    expect(rig.lane.reserved).to.deep.equal({ messages: 0, bytes: 0 });
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(['a']);
  });
});
