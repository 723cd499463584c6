import { expect } from 'chai';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { eventually, Fleet, failure, inThreads } from './fleet.js';

const flows = (names: readonly string[]) => inThreads(names, {}, new URL('./flows.js', import.meta.url));

const all = (fleet: Fleet, name: string, payload: unknown) =>
  lastValueFrom(fleet.hub.stream('w1', name, payload).pipe(toArray()));

describe('A stream out of a thread', () => {
  for (const name of ['count', 'countAtOnce', 'observe'])
    it(`gives every item in order (${name})`, async () => {
      await using fleet = await Fleet.of(flows([name]), { threads: 1 });
      for (const items of [0, 1, 16, 17, 500])
        expect(await all(fleet, name, items)).to.deep.equal(Array.from({ length: items }, (_, n) => n + 1));
    });

  it('moves bytes', async () => {
    await using fleet = await Fleet.of(flows(['chunks']));
    const chunks = (await all(fleet, 'chunks', 40)) as Uint8Array[];
    expect(chunks.map((chunk) => [chunk.length, chunk[999]])).to.deep.equal(
      Array.from({ length: 40 }, (_, n) => [1_000, n]),
    );
  });

  it('is advanced only as far as its consumer has room, and closed when that goes', async () => {
    await using fleet = await Fleet.of(flows(['endless', 'progress']), { threads: 1 });
    let seen = 0;
    const subscription = fleet.hub.stream('w1', 'endless', null).subscribe(() => {
      seen += 1;
      if (seen === 200) subscription.unsubscribe();
    });
    await eventually('200 items', () => seen === 200);
    await eventually('it is closed', () => fleet.lines.some(({ text }) => text === 'closed'));
    const { asked, closed } = (await fleet.hub.request('w1', 'progress', null)) as {
      asked: number;
      closed: number;
    };
    expect(asked).to.be.within(200, 400);
    expect(closed).to.equal(1);
    expect(fleet.ended).to.equal(0);
  });

  it('is closed if nobody wanted a stream', async () => {
    await using fleet = await Fleet.of(flows(['endless', 'progress']), { threads: 1 });
    const error = await failure(fleet.hub.request('w1', 'endless', null));
    expect(error).to.include({ code: 'invalid-payload' });
    expect(await fleet.hub.request('w1', 'progress', null)).to.include({ closed: 1 });
    expect(fleet.ended).to.equal(0);
  });

  it('fails after the items that were given, with code and details', async () => {
    await using fleet = await Fleet.of(flows(['failHalfway']));
    const seen: unknown[] = [];
    const error = await failure(
      fleet.hub.stream('w1', 'failHalfway', null).forEach((item) => void seen.push(item)),
    );
    expect(seen).to.deep.equal([1, 2]);
    expect(error).to.include({ code: 'overflow', message: 'no third' });
    expect(error.details).to.deep.equal({ at: 2 });
  });

  it('fails if its thread ends, and if an item cannot leave it', async () => {
    await using fleet = await Fleet.of(flows(['crashHalfway', 'giveFunctions']));
    for (const [name, code, text] of [
      ['crashHalfway', 'handler-failed', /ended with exit code 4/],
      ['giveFunctions', 'unserialisable', /an item of 'giveFunctions' cannot leave its thread/],
    ] as const) {
      const seen: unknown[] = [];
      const error = await failure(fleet.hub.stream('w1', name, null).forEach((item) => void seen.push(item)));
      expect(seen).to.deep.equal([1]);
      expect(error).to.include({ code });
      expect(error.message).to.match(text);
    }
  });

  it('is ended with its thread if it spins when it is left', async () => {
    await using fleet = await Fleet.of(flows(['spinBetween', 'square']), { threads: 1, endAfterMs: 50 });
    expect(await firstValueFrom(fleet.hub.stream('w1', 'spinBetween', null).pipe(take(1)))).to.equal(1);
    expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
    expect(fleet.ended).to.equal(1);
  });

  it('fails with `overflow` if an observable runs ahead', async () => {
    await using fleet = await Fleet.of(flows(['observe']));
    const error = await failure(all(fleet, 'observe', 2_000));
    expect(error).to.include({ code: 'overflow', retryable: true });
  });
});
