import { expect } from 'chai';
import { Board, Slot } from '../../lib/pulse/board.js';
import { Lookout } from '../../lib/pulse/lookout.js';
import { sharedNow } from '../../lib/time/background.js';

const idle = { inFlight: 0, queued: 0, handled: 0, oldestMs: 0 };

/** A lookout over a board whose last tick is `stillMs` ago. */
function stage(stillMs: number) {
  const board = new Board();
  board.tick(sharedNow() - stillMs);
  const lookout = new Lookout();
  lookout.watch(board, 250);
  for (let id = 1; id <= 9; id += 1) lookout.name(id, { type: `h${id}`, plugin: id === 9 ? 'p' : '' });
  const slot = new Slot();
  const types = () => lookout.sight(1_000, [slot]).holders.map(({ type }) => type);
  return { board, lookout, slot, types };
}

describe('the lookout of the thread', () => {
  it('says for how long the other thread has not ticked', () => {
    const { lookout, board, slot } = stage(400);
    const { ticks, stillMs } = lookout.sight(1_000, [slot]);
    expect(ticks).to.equal(1);
    expect(stillMs).to.be.within(400, 500);
    board.tick(sharedNow());
    expect(lookout.sight(1_000, [slot])).to.include({ ticks: 2 });
    expect(lookout.sight(1_000, [slot]).stillMs).to.be.lessThan(100);
  });

  it('names nobody while the other thread ticks', () => {
    const { board, types } = stage(900);
    board.running = 1;
    board.add(2, 1);
    expect(types()).to.deep.equal([]);
  });

  it('names the one that runs, whatever is in flight', () => {
    const { board, types, slot } = stage(1_500);
    board.add(1, 1);
    slot.write(idle, 0, [1]);
    board.running = 9;
    expect(types()).to.deep.equal(['h9']);
  });

  it('names those in flight as they are now: the oldest of the last tick first, and those that began since', () => {
    const { board, types, slot } = stage(1_500);
    for (const id of [2, 5, 7]) board.add(id, 1);
    slot.write(idle, 0, [5, 3]);
    expect(types()).to.deep.equal(['h5', 'h2', 'h7']);
  });

  it('names four at most', () => {
    const { board, types } = stage(1_500);
    for (let id = 1; id <= 9; id += 1) board.add(id, 1);
    expect(types()).to.deep.equal(['h1', 'h2', 'h3', 'h4']);
  });

  it('names a handler that two workers have once', () => {
    const { board, types, lookout } = stage(1_500);
    lookout.name(2, { type: 'h1', plugin: '' });
    for (const id of [1, 2, 3]) board.add(id, 1);
    expect(types()).to.deep.equal(['h1', 'h3']);
  });

  it('names nobody for a handler that it does not know', () => {
    const { board, types, lookout } = stage(1_500);
    lookout.forget(4);
    board.running = 4;
    expect(types()).to.deep.equal([]);
  });
});

describe('the load of a worker', () => {
  it('keeps the worst lateness until it is told', () => {
    const slot = new Slot();
    for (const lateMs of [3, 40, 0]) slot.write({ ...idle, queued: 7 }, lateMs, []);
    expect(slot.load).to.deep.equal({ ...idle, queued: 7 });
    expect([slot.takeLateMs(), slot.takeLateMs()]).to.deep.equal([40, 0]);
  });
});
