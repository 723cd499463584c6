import { expect } from 'chai';
import * as fc from 'fast-check';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { Deadline, Deadlines } from '../../lib/time/deadlines.js';

class Noted extends Deadline {
  constructor(
    readonly name: number,
    readonly told: (name: number) => void,
  ) {
    super();
  }

  override expired(): void {
    this.told(this.name);
  }
}

describe('deadlines', () => {
  it('expire when a timer of their own would, in any mixture, and never once taken back', async () => {
    const step = fc.record({ ms: fc.constantFrom(1, 5, 20.5, 100), waitMs: fc.nat(30), takeBack: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const clock = virtualClock();
        const deadlines = new Deadlines(clock);
        const expired = new Map<number, number>();
        const due = new Map<number, number>();
        const all: Noted[] = [];
        for (const [name, { ms, waitMs, takeBack }] of steps.entries()) {
          const deadline = new Noted(name, (which) => expired.set(which, clock.now()));
          deadlines.set(deadline, clock.now() + ms);
          due.set(name, clock.now() + ms);
          all.push(deadline);
          const chosen = takeBack < 4 ? all[name - takeBack] : undefined;
          if (chosen !== undefined && !expired.has(chosen.name)) {
            deadlines.takeBack(chosen);
            deadlines.takeBack(chosen);
            due.delete(chosen.name);
          }
          await clock.advance(waitMs);
        }
        await clock.advance(1_000);
        expect([...expired.keys()].sort()).to.deep.equal([...due.keys()].sort());
        for (const [name, at] of due) expect(expired.get(name)).to.be.within(at - 1, at + 1);
        expect(clock.pending).to.equal(0);
      }),
    );
  });

  it('of infinity never expire and need no timer', () => {
    const clock = virtualClock();
    new Deadlines(clock).set(new Noted(1, () => {}), Number.POSITIVE_INFINITY);
    expect(clock.pending).to.equal(0);
  });

  it('share one timer, however many there are, and one may set another or take one back as it expires', async () => {
    const clock = virtualClock();
    const deadlines = new Deadlines(clock);
    const told: number[] = [];
    const all = Array.from({ length: 1_000 }, (_, name) => new Noted(name, (which) => tell(which)));
    const tell = (name: number) => {
      told.push(name);
      if (name === 0) deadlines.takeBack(all[1] as Noted);
      if (name === 2) deadlines.set(all[0] as Noted, clock.now() + 30);
    };
    for (const deadline of all) deadlines.set(deadline, clock.now() + 30);
    expect(clock.pending).to.equal(1);
    await clock.advance(30);
    expect(told).to.have.length(999);
    await clock.advance(30);
    expect([told.at(-1), clock.pending]).to.deep.equal([0, 0]);
  });

  it('lose no time to one that throws as it expires', async () => {
    const clock = virtualClock();
    const deadlines = new Deadlines(clock);
    const told: number[] = [];
    for (let name = 0; name < 4; name += 1) {
      const deadline = new Noted(name, (which) => {
        told.push(which);
        if (which === 1) throw new Error('broken');
      });
      deadlines.set(deadline, clock.now() + 30);
    }
    const thrown = await clock.advance(30).catch((error: unknown) => error);
    await clock.advance(0);
    expect(thrown).to.be.an('error');
    expect([told, clock.pending]).to.deep.equal([[0, 1, 2, 3], 0]);
  });

  it('leave the turn to others though they are due again before all have had theirs', () => {
    const timers: (() => void)[] = [];
    let time = 0;
    const slow = {
      ...virtualClock(),
      now: () => time,
      after: (_: number, task: () => void) => {
        timers.push(task);
        return () => {};
      },
    };
    const deadlines = new Deadlines(slow);
    let told = 0;
    for (let name = 0; name < 10; name += 1) {
      const deadline = new Noted(name, () => {
        told += 1;
        if (told > 100) throw new Error('nothing else has its turn');
        time += 5;
        deadlines.set(deadline, time + 30);
      });
      deadlines.set(deadline, 30);
    }
    time = 30;
    timers.shift()?.();
    expect(told).to.equal(10);
    timers.shift()?.();
    expect(told).to.be.within(11, 20);
  });
});
