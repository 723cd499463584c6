import { expect } from 'chai';
import { map, of, Subject, throwError } from 'rxjs';
import { Feed, isolated } from '../../lib/session/isolated.js';
import { systemClock } from '../../lib/time/clock.js';

const turns = async () => {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => systemClock.soon(resolve));
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
};

describe('isolated', () => {
  /** RxJS rethrows on a timer of its own, which would end the process. */
  const uncaught: unknown[] = [];
  const note = (thrown: unknown) => void uncaught.push(thrown);
  let others: NodeJS.UncaughtExceptionListener[] = [];
  beforeEach(() => {
    uncaught.length = 0;
    others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', note);
  });
  afterEach(async () => {
    await turns();
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
    expect(uncaught).to.deep.equal([]);
  });

  it('tells what a subscriber throws, and serves the others and the next value', () => {
    const source = new Subject<number>();
    const thrown: unknown[] = [];
    const seen: number[] = [];
    const source$ = isolated(source, (what) => thrown.push(what));
    source$.subscribe(() => {
      throw new Error('mine');
    });
    source$.subscribe((value) => seen.push(value));
    source.next(1);
    source.next(2);
    expect(seen).to.deep.equal([1, 2]);
    expect(thrown).to.have.length(2);
  });

  it('tells an error that a subscriber does not handle', () => {
    const thrown: unknown[] = [];
    isolated(
      throwError(() => 'bad'),
      (what) => thrown.push(what),
    ).subscribe();
    isolated(
      throwError(() => 'worse'),
      (what) => thrown.push(what),
    ).subscribe(() => {});
    expect(thrown).to.deep.equal(['bad', 'worse']);
  });

  it('leaves an error to the one who handles it, and a throw in that handler to nobody else', () => {
    const thrown: unknown[] = [];
    const handled: unknown[] = [];
    const source$ = isolated(
      throwError(() => 'bad'),
      (what) => thrown.push(what),
    );
    source$.subscribe({ error: (error) => handled.push(error) });
    source$.subscribe({
      error() {
        throw 'in the handler';
      },
    });
    expect(handled).to.deep.equal(['bad']);
    expect(thrown).to.deep.equal(['in the handler']);
  });

  it('holds behind operators too', () => {
    const thrown: unknown[] = [];
    const source$ = isolated(of(1, 2), (what) => thrown.push(what)).pipe(map((value) => value * 2));
    source$.subscribe((value) => {
      throw value;
    });
    expect(thrown).to.deep.equal([2, 4]);
    source$
      .pipe(
        map(() => {
          throw 'in the operator';
        }),
      )
      .subscribe();
    expect(thrown.at(-1)).to.equal('in the operator');
  });

  it('takes a throw on completion', () => {
    const thrown: unknown[] = [];
    isolated(of(1), (what) => thrown.push(what)).subscribe({
      complete() {
        throw 'at the end';
      },
    });
    expect(thrown).to.deep.equal(['at the end']);
  });

  it('ends the source when its subscriber goes', () => {
    const source = new Subject<number>();
    isolated(source, () => {})
      .subscribe()
      .unsubscribe();
    expect(source.observed).to.equal(false);
  });

  it('lets a feed complete its subscribers, once', () => {
    const feed = new Feed<string>(() => {});
    const seen: string[] = [];
    feed.events$.subscribe({ next: (event) => seen.push(event), complete: () => seen.push('end') });
    feed.emit('one');
    feed.close();
    feed.emit('two');
    expect(seen).to.deep.equal(['one', 'end']);
  });
});
