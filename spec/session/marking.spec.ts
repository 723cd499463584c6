import { expect } from 'chai';
import type { Registration } from '../../lib/handler/registration.js';
import { Handlers } from '../../lib/handler/registry.js';
import { handler } from '../../lib/index.js';
import { Chart } from '../../lib/pulse/chart.js';
import { Marking } from '../../lib/session/marking.js';

/** Handlers, their marks, and what the thread was told. */
function stage() {
  const names = new Map<number, string>();
  let boards = 0;
  const chart = new Chart({
    board: () => {
      boards += 1;
    },
    name: (id, type, plugin) => names.set(id, `${plugin}/${type}`),
    forget: (id) => names.delete(id),
  });
  const handlers = new Handlers();
  const add = (type: string, run?: string): [Registration, Disposable] => {
    const registration = { ...handler(type, () => {}), ...(run ? { options: { run } } : {}) };
    return [registration, handlers.add(registration)];
  };
  const inFlight = () => [...names.keys()].filter((id) => chart.board.inFlight(id) > 0);
  return { chart, names, handlers, add, inFlight, boards: () => boards };
}

describe('the marks of handlers', () => {
  it('have a name for each handler that is there, also one that comes later', () => {
    const { chart, names, handlers, add } = stage();
    add('a');
    handlers.add({ ...handler('b', () => {}), plugin: 'p' });
    const marking = new Marking(chart, handlers);
    add('c');
    expect([...names.values()]).to.deep.equal(['/a', 'p/b', '/c']);
    marking.close();
    expect([...names]).to.deep.equal([]);
  });

  it('say whose synchronous part runs, and nobody afterwards', () => {
    const { chart, names, handlers, add } = stage();
    const [a] = add('a');
    const [b] = add('b');
    const marking = new Marking(chart, handlers);
    const outer = marking.enter(a);
    expect(names.get(chart.board.running)).to.equal('/a');
    const inner = marking.enter(b);
    expect(names.get(chart.board.running)).to.equal('/b');
    marking.leave(inner);
    expect(names.get(chart.board.running)).to.equal('/a');
    marking.leave(outer);
    expect(chart.board.running).to.equal(0);
  });

  it('count what is in flight, and do not count what runs elsewhere', () => {
    const { chart, handlers, add, inFlight } = stage();
    const [a] = add('a');
    const [thread] = add('thread', 'thread');
    const marking = new Marking(chart, handlers);
    for (const one of [a, a, thread]) marking.waits(one);
    expect(inFlight()).to.deep.equal([1]);
    for (const one of [thread, a]) marking.ended(one);
    expect(inFlight()).to.deep.equal([1]);
    marking.ended(a);
    expect(inFlight()).to.deep.equal([]);
  });

  it('keep the name of a handler that was taken out until nothing of it is in flight', () => {
    const { chart, names, handlers, add, inFlight } = stage();
    const [a, out] = add('a');
    const marking = new Marking(chart, handlers);
    marking.waits(a);
    out[Symbol.dispose]();
    add('b');
    expect([...names]).to.deep.equal([
      [1, '/a'],
      [2, '/b'],
    ]);
    expect(inFlight()).to.deep.equal([1]);
    marking.ended(a);
    expect([...names]).to.deep.equal([[2, '/b']]);
    add('c');
    expect([...names]).to.deep.equal([
      [2, '/b'],
      [1, '/c'],
    ]);
  });

  it('name a handler whose last messages run after it was taken out', () => {
    const { chart, names, handlers, add } = stage();
    const [a, out] = add('a');
    const marking = new Marking(chart, handlers);
    out[Symbol.dispose]();
    const before = marking.enter(a);
    expect(names.get(chart.board.running)).to.equal('/a');
    marking.leave(before);
    marking.waits(a);
    add('b');
    expect([...names.values()]).to.deep.equal(['/a', '/b']);
    marking.ended(a);
    marking.ended(a);
    expect([...names.values()]).to.deep.equal(['/b']);
  });

  it('do not grow with handlers that come and go', () => {
    const { chart, handlers, add, boards } = stage();
    new Marking(chart, handlers);
    for (let n = 0; n < 1_000; n += 1) add(`h${n}`)[1][Symbol.dispose]();
    expect(boards()).to.equal(0);
    expect(chart.board.memory.byteLength).to.be.lessThan(500);
  });

  it('find room for any number of handlers, and keep what stands on the board', () => {
    const { chart, handlers, add, boards, inFlight } = stage();
    const [first] = add('first');
    const marking = new Marking(chart, handlers);
    marking.waits(first);
    chart.board.tick(123);
    const before = marking.enter(first);
    for (let n = 0; n < 200; n += 1) add(`h${n}`);
    expect(boards()).to.equal(2);
    expect(chart.board).to.include({ ticks: 1, tickAt: 123, running: 1 });
    expect(inFlight()).to.deep.equal([1]);
    marking.leave(before);
    const last = handlers.get('h199') as Registration;
    marking.waits(last);
    expect(inFlight()).to.deep.equal([1, 201]);
  });

  it('give the first few in flight, each once', () => {
    const { chart, handlers, add } = stage();
    const all = ['a', 'b', 'c', 'd', 'e'].map((type) => add(type)[0]);
    const [thread] = add('thread', 'thread');
    const marking = new Marking(chart, handlers);
    const [a, b] = all as [Registration, Registration];
    expect(marking.oldest([b, thread, b, a])).to.deep.equal([2, 1]);
    expect(marking.oldest(all)).to.deep.equal([1, 2, 3, 4]);
    expect(marking.oldest([...Array.from({ length: 10_000 }, () => a), b])).to.deep.equal([1]);
  });
});
