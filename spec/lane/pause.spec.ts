import { expect } from 'chai';
import { Gate } from '../../lib/lane/gate.js';
import { Doors, numbers, Rig } from './rig.js';

describe('a source that is paused', () => {
  it('starts nothing while another goes on, is admitted and granted as before, and resumes in order', async () => {
    const rig = new Rig({ concurrency: 2 });
    const [a, b] = [rig.peer(), rig.peer()];
    a.source.pause();
    a.send(...numbers(3).map((n) => rig.job(`a${n}`)));
    b.send(...numbers(100).map((n) => rig.job(`b${n}`)));
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(numbers(100).map((n) => `b${n}`));
    expect([a.unsent, rig.lane.queued]).to.deep.equal([0, 3]);
    a.source.resume();
    b.send(...numbers(3).map((n) => rig.job(`c${n}`)));
    await rig.clock.settle();
    expect(rig.started.slice(100)).to.deep.equal(['a0', 'c0', 'a1', 'c1', 'a2', 'c2']);
  });

  it('lets what runs end, and starts nothing though its turn had come', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run, concurrency: 1 });
    const [a, b] = [rig.peer(), rig.peer()];
    a.send(rig.job('a1'), rig.job('a2'));
    b.send(rig.job('b1'));
    await rig.clock.settle();
    a.source.pause();
    doors.end('a1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['b1']);
    doors.end('b1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal([]);
    a.source.resume();
    a.source.pause();
    a.source.resume();
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['a2']);
  });

  it('keeps its places, so that it can send no more than its credit meanwhile', async () => {
    const rig = new Rig({ capacity: 64, sources: 1 });
    const a = rig.peer();
    a.source.pause();
    a.send(...numbers(200).map((n) => rig.job(n)));
    await rig.clock.settle();
    expect(a.unsent).to.be.at.least(136);
    expect(rig.lane.queued + a.unsent).to.equal(200);
    a.source.resume();
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(numbers(200).map(String));
  });

  it('can be cleared and withdrawn from, and starts only what came afterwards', async () => {
    const rig = new Rig();
    const gate = new Gate(1);
    const a = rig.peer();
    a.source.pause();
    const withdrawn = rig.job('a1');
    a.send(withdrawn, rig.job('a2'), rig.job('a3', { gate, key: new Gate(1) }));
    expect(a.source.withdraw(withdrawn)).to.equal(true);
    expect(a.source.clear().map(({ name }) => name)).to.have.members(['a2', 'a3']);
    expect([rig.lane.queued, gate.queued]).to.deep.equal([0, 0]);
    a.send(rig.job('a4'));
    await rig.clock.settle();
    expect(rig.started).to.deep.equal([]);
    a.source.resume();
    await rig.clock.settle();
    expect(rig.started).to.deep.equal(['a4']);
    expect(gate.idle).to.equal(true);
  });

  it('does not block another source at a gate where it waits, and gets in line again when it resumes', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run });
    const gate = new Gate(1);
    const [a, b] = [rig.peer(), rig.peer()];
    b.send(rig.job('b1', { gate }));
    await rig.clock.settle();
    a.send(rig.job('a1', { gate }));
    await rig.clock.settle();
    b.send(rig.job('b2', { gate }), rig.job('b3', { gate }));
    await rig.clock.settle();
    expect(gate.waiting).to.equal(2);
    a.source.pause();
    doors.end('b1');
    await rig.clock.settle();
    expect(doors.names).to.deep.equal(['b2']);
    a.source.resume();
    await rig.clock.settle();
    for (const name of ['b2', 'b3', 'a1']) {
      expect(doors.names).to.deep.equal([name]);
      doors.end(name);
      await rig.clock.settle();
    }
    expect(gate.idle).to.equal(true);
  });

  it('passes on the places that were kept for it already, of keys as well', async () => {
    const doors = new Doors();
    const rig = new Rig({ run: doors.run });
    const [gate, key] = [new Gate(2), new Gate(1)];
    const [a, b] = [rig.peer(), rig.peer()];
    b.send(rig.job('b1', { gate, key }), rig.job('b2', { gate }));
    await rig.clock.settle();
    a.send(rig.job('a1', { gate, key }), rig.job('a2', { gate }));
    b.send(rig.job('b3', { gate, key }), rig.job('b4', { gate }));
    await rig.clock.settle();
    expect([key.waiting, gate.waiting], 'a1 and b3, a2 and b4').to.deep.equal([2, 2]);
    doors.end('b1', 'b2');
    expect([key.waiting, gate.waiting], 'the places are kept for a1, a2 and b4').to.deep.equal([1, 0]);
    a.source.pause();
    await rig.clock.settle();
    expect(doors.names).to.have.members(['b3', 'b4']);
    doors.end('b3', 'b4');
    await rig.clock.settle();
    expect([doors.names, gate.running, gate.queued, key.queued]).to.deep.equal([[], 0, 2, 1]);
    a.source.resume();
    await rig.clock.settle();
    expect(doors.names).to.have.members(['a1', 'a2']);
    doors.end('a1', 'a2');
    expect([gate.idle, key.idle]).to.deep.equal([true, true]);
  });
});
