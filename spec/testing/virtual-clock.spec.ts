import { expect } from 'chai';
import { concatMap, delay, interval, map, of, Subject, take, throwError, timeout, timer } from 'rxjs';
import { virtualClock } from '../../lib/testing/virtual-clock.js';

describe('a virtual clock', () => {
  it('runs tasks in order of time, then of insertion, and shows each its own time', async () => {
    const clock = virtualClock({ startMs: 100, dateMs: 5000 });
    const story: string[] = [];
    const note = (name: string) => () => story.push(`${name} at ${clock.now()}`);
    clock.after(20, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('later'));
    await clock.advance(30);
    expect(story).to.deep.equal(['a at 110', 'b at 110', 'c at 120']);
    expect([clock.now(), clock.date(), clock.pending]).to.deep.equal([130, 5030, 1]);
  });

  it('agrees with a sorted list for thousands of tasks, half of them cancelled', async () => {
    const clock = virtualClock();
    const expected: number[] = [];
    const seen: number[] = [];
    for (let n = 0; n < 2000; n++) {
      const at = (n * 7919) % 37;
      const cancel = clock.after(at, () => seen.push(at * 10_000 + n));
      if (n % 3 !== 0) cancel();
      else expected.push(at * 10_000 + n);
    }
    expect(clock.pending).to.equal(expected.length);
    await clock.advance(1000);
    expect(seen).to.deep.equal(expected.sort((a, b) => a - b));
    expect(clock.pending).to.equal(0);
  });

  it('lets promise chains settle between two tasks', async () => {
    const clock = virtualClock();
    const story: string[] = [];
    clock.after(1, async () => {
      for (let n = 0; n < 50; n++) await null;
      await new Promise(process.nextTick);
      story.push('chain');
    });
    clock.after(1, () => story.push('task'));
    await clock.advance(1);
    expect(story).to.deep.equal(['chain', 'task']);
  });

  it('runs soon tasks at the current time, in order, after the microtasks of the running task', async () => {
    const clock = virtualClock();
    const story: string[] = [];
    clock.after(5, () => {
      clock.soon(() => story.push(`soon 1 at ${clock.now()}`));
      clock.soon(() => story.push('soon 2'));
      clock.atTurnEnd(() => story.push('turn end'));
      story.push('task');
    });
    clock.after(6, () => story.push('next task'));
    await clock.advance(10);
    expect(story).to.deep.equal(['task', 'turn end', 'soon 1 at 5', 'soon 2', 'next task']);
  });

  it('settles without moving the time', async () => {
    const clock = virtualClock();
    const story: string[] = [];
    clock.soon(() => clock.soon(() => story.push('soon')));
    clock.after(0, () => story.push('due'));
    clock.after(1, () => story.push('not due'));
    await clock.settle();
    expect(story).to.deep.equal(['due', 'soon']);
    expect([clock.now(), clock.pending]).to.deep.equal([0, 1]);
  });

  it('runs tasks that a task adds, when they fall into the same advance', async () => {
    const clock = virtualClock();
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    await clock.advance(45);
    expect(seen).to.deep.equal([10, 20, 30, 40]);
  });

  it('cancels once, late or twice without harm', async () => {
    const clock = virtualClock();
    let runs = 0;
    const cancel = clock.after(1, () => runs++);
    clock.after(1, () => runs++)();
    clock.after(Number.POSITIVE_INFINITY, () => runs++);
    await clock.advance(1);
    cancel();
    cancel();
    expect([runs, clock.pending]).to.deep.equal([1, 0]);
  });

  it('rejects with the error of a task, at its time, and can go on', async () => {
    const clock = virtualClock();
    let later = false;
    clock.after(5, () => {
      throw new Error('broken task');
    });
    clock.after(6, () => {
      later = true;
    });
    const error = await clock.advance(10).catch((thrown) => thrown);
    expect(error.message).to.equal('broken task');
    expect([clock.now(), later]).to.deep.equal([5, false]);
    await clock.advance(1);
    expect(later).to.equal(true);
  });

  it('runs several calls one after the other', async () => {
    const clock = virtualClock();
    await Promise.all([clock.advance(10), clock.advance(10), clock.settle()]);
    expect(clock.now()).to.equal(20);
  });

  it('drives the RxJS operators that take a scheduler', async () => {
    const clock = virtualClock();
    const story: string[] = [];
    const note = (name: string) => ({
      next: (value: unknown) => story.push(`${name} ${value} at ${clock.now()}`),
      error: (error: Error) => story.push(`${name} ${error.name} at ${clock.now()}`),
    });
    interval(10, clock).pipe(take(3)).subscribe(note('interval'));
    timer(5, 20, clock).pipe(take(2)).subscribe(note('timer'));
    of('x').pipe(delay(7, clock)).subscribe(note('delay'));
    new Subject().pipe(timeout({ each: 12, scheduler: clock })).subscribe(note('timeout'));
    interval(1, clock)
      .pipe(
        concatMap(() => throwError(() => new Error('stop'))),
        map(String),
      )
      .subscribe(note('failing'));
    const stopped = interval(1, clock).subscribe(note('stopped'));
    stopped.unsubscribe();
    await clock.advance(100);
    expect(story).to.deep.equal([
      'failing Error at 1',
      'timer 0 at 5',
      'delay x at 7',
      'interval 0 at 10',
      'timeout TimeoutError at 12',
      'interval 1 at 20',
      'timer 1 at 25',
      'interval 2 at 30',
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('gives scheduled work its state, and lets it schedule itself again', async () => {
    const clock = virtualClock();
    const seen: string[] = [];
    const subscription = clock.schedule<number>(
      function (n = 0) {
        seen.push(`${n} at ${clock.now()}`);
        this.schedule(n + 1, n * 10);
      },
      3,
      1,
    );
    await clock.advance(40);
    subscription.unsubscribe();
    await clock.advance(100);
    expect(seen).to.deep.equal(['1 at 3', '2 at 13', '3 at 33']);
  });
});
