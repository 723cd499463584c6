import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { every, later, sharedNow } from '../../lib/time/background.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const hold = (ms: number) => {
  const end = sharedNow() + ms;
  while (sharedNow() < end);
};

describe('timers in the background', () => {
  it('read one clock in all threads', async () => {
    const code = `import(${JSON.stringify(new URL('../../lib/time/background.js', import.meta.url).href)})
      .then(({ sharedNow }) => require('node:worker_threads').parentPort.postMessage(sharedNow()))`;
    const before = sharedNow();
    const thread = new Worker(code, { eval: true });
    const there = await new Promise<number>((resolve) => thread.on('message', resolve));
    expect(there).to.be.within(before, sharedNow());
    await thread.terminate();
  });

  it('fire once, unless they are cancelled', async () => {
    const fired: number[] = [];
    later(10, () => fired.push(1));
    later(10, () => fired.push(2))();
    await sleep(50);
    expect(fired).to.deep.equal([1]);
  });

  it('fire again and again in step, and say how late they are', async () => {
    const fired: { readonly at: number; readonly lateMs: number }[] = [];
    const began = sharedNow();
    const cancel = every(20, (lateMs) => {
      fired.push({ at: sharedNow() - began, lateMs });
      if (fired.length === 2) hold(90);
    });
    await sleep(300);
    cancel();
    const { length } = fired;
    await sleep(50);
    expect(fired).to.have.lengthOf(length);
    const [late] = fired.slice(2);
    expect(late?.lateMs).to.be.greaterThan(60);
    // What was missed is not made up for, and those after it are where they would have been.
    expect(length).to.be.within(3, 12);
    // Node.js may be a millisecond early.
    for (const { at, lateMs } of fired) expect((at - lateMs + 2) % 20).to.be.lessThan(7);
  });

  it('may be cancelled by what they call', async () => {
    let fired = 0;
    const cancel = every(5, () => {
      fired += 1;
      cancel();
    });
    await sleep(50);
    expect(fired).to.equal(1);
  });
});
