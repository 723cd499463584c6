import { expect } from 'chai';
import { Gate } from '../../lib/lane/gate.js';
import { Doors, numbers, Rig } from './rig.js';

/** A lane of four slots that one handler has taken, and which waits for the next. */
async function full(waiting: readonly Gate[]) {
  const doors = new Doors();
  const rig = new Rig({ run: doors.run, concurrency: 4 });
  const peer = rig.peer();
  const all = new Gate(64);
  peer.send(...numbers(8).map((n) => rig.job(`all ${n}`, { gate: all })));
  await rig.clock.settle();
  for (const [index, gate] of waiting.entries())
    peer.send(...numbers(3).map((n) => rig.job(`${index}.${n}`, { gate })));
  await rig.clock.settle();
  return { doors, rig, peer, all };
}
const started = ({ names }: Doors) => names.filter((name) => !name.startsWith('all'));

describe('a lane whose slots are all taken', () => {
  it('keeps to its concurrency while works end, though a handler of which none runs has to wait', async () => {
    const { doors, rig } = await full([new Gate(1)]);
    for (const n of numbers(3)) {
      await rig.clock.advance(400);
      expect(rig.lane.inFlight).to.equal(4);
      doors.end(`all ${n}`);
    }
    expect(started(doors).length).to.be.at.most(1);
  });

  it('gives one slot to each handler that has none when nothing has ended for half a second', async () => {
    const gates = [new Gate(64), new Gate(1), new Gate(2)];
    const { doors, rig } = await full(gates);
    await rig.clock.advance(499);
    expect(started(doors)).to.deep.equal([]);
    await rig.clock.advance(1);
    expect(started(doors)).to.deep.equal(['0.0', '1.0', '2.0']);
    expect(rig.lane.inFlight).to.equal(7);
    await rig.clock.advance(20_000);
    expect(rig.lane.inFlight, 'and no more than one').to.equal(7);
    doors.end('1.0');
    await rig.clock.settle();
    expect(started(doors)).to.have.members(['0.0', '2.0', '1.1']);
  });

  it('goes on at once for 30 seconds, and then looks for half a second again', async () => {
    const gate = new Gate(64);
    const { doors, rig, peer } = await full([gate]);
    await rig.clock.advance(500);
    for (const name of ['0.0', '0.1', '0.2']) {
      expect(started(doors)).to.deep.equal([name]);
      await rig.clock.advance(29_000);
      doors.end(name);
      await rig.clock.settle();
    }
    await rig.clock.advance(30_000);
    peer.send(rig.job('late', { gate }));
    await rig.clock.advance(499);
    expect(started(doors)).to.deep.equal([]);
    await rig.clock.advance(1);
    expect(started(doors)).to.deep.equal(['late']);
  });

  it('does not take a time in which the process itself was held up for a standstill', async () => {
    const { doors, rig } = await full([new Gate(1)]);
    const { now } = rig.clock;
    let heldUp = 0;
    rig.clock.now = () => now() + heldUp;
    heldUp = 5_000;
    await rig.clock.advance(500);
    expect(started(doors)).to.deep.equal([]);
    await rig.clock.advance(500);
    expect(started(doors)).to.deep.equal(['0.0']);
  });

  it('starts the next in line of an ordered handler, whoever waits there, and none that is paused', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 2 });
    const one = new Gate(1);
    const [a, b, c] = [rig.peer(), rig.peer(), rig.peer()];
    a.send(rig.job('a0', { gate: one }));
    await rig.clock.settle();
    a.send(rig.job('all 0'), rig.job('all 1'), rig.job('all 2'));
    b.send(rig.job('b0', { gate: one }), rig.job('b1', { gate: one }));
    c.send(rig.job('c0', { gate: one }));
    await rig.clock.settle();
    b.source.pause();
    doors.end('a0');
    await rig.clock.settle();
    // The slot that freed has gone to another handler; the place at the gate is kept for c.
    const [order, seen]: [string[], Set<string>] = [[], new Set()];
    for (let round = 0; round < 4; round += 1) {
      await rig.clock.advance(500);
      for (const name of started(doors)) {
        if (!seen.has(name)) order.push(name);
        seen.add(name);
        doors.end(name);
      }
      if (round === 1) b.source.resume();
      await rig.clock.settle();
    }
    expect(order).to.deep.equal(['c0', 'b0', 'b1']);
    expect(one.running).to.equal(0);
    expect(one.idle).to.equal(true);
  });

  it('starts who is next in line, though another one came before', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 2 });
    const one = new Gate(1);
    const [a, b, c, d] = [rig.peer(), rig.peer(), rig.peer(), rig.peer()];
    a.send(rig.job('a0', { gate: one }));
    await rig.clock.settle();
    c.source.pause();
    c.send(rig.job('c0', { gate: one }));
    b.send(rig.job('b0', { gate: one }));
    await rig.clock.settle();
    c.source.resume();
    await rig.clock.settle();
    d.send(rig.job('all 0'), rig.job('all 1'));
    await rig.clock.settle();
    doors.end('a0');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['all 0', 'all 1']);
    await rig.clock.advance(500);
    expect(started(doors)).to.deep.equal(['b0']);
    doors.end('b0');
    await rig.clock.settle();
    expect(started(doors)).to.deep.equal(['c0']);
  });

  it('keeps one per key, and forgets keys that come and go', async () => {
    const { doors, rig, peer } = await full([]);
    const gate = new Gate(64);
    const [x, y] = [new Gate(1), new Gate(1)];
    peer.send(
      ...['x0', 'x1'].map((name) => rig.job(name, { gate, key: x })),
      rig.job('y0', { gate, key: y }),
    );
    await rig.clock.advance(500);
    expect(started(doors).length).to.equal(1);
    for (const _ of numbers(3)) {
      for (const name of started(doors)) doors.end(name);
      await rig.clock.settle();
    }
    expect([gate, x, y].map(({ idle }) => idle)).to.deep.equal([true, true, true]);
    for (const n of numbers(200)) {
      peer.send(rig.job(`key ${n}`, { gate, key: new Gate(1) }));
      await rig.clock.settle();
      expect(started(doors)).to.deep.equal([`key ${n}`]);
      doors.end(`key ${n}`);
      await rig.clock.settle();
    }
    expect(gate.idle).to.equal(true);
  });

  it('leaves no timer behind when it is closed', async () => {
    const { rig } = await full([new Gate(1)]);
    expect(rig.clock.pending).to.equal(1);
    rig.lane.close();
    expect(rig.clock.pending).to.equal(0);
  });
});
