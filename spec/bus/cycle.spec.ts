import { expect } from 'chai';
import { BusError, handler, type Worker } from '../../lib/index.js';
import { failure, sleep } from './moment.js';
import { Trial } from './trial.js';

type Ask = (type: string, payload: unknown) => Promise<unknown>;

/** Handlers of which each but the last asks the other side for the next. */
const chain = (types: readonly string[], ask: Ask) =>
  types.map((type, index) => {
    const next = types[index + 1];
    return handler(type, ({ payload }) => (next === undefined ? payload : ask(next, payload)));
  });

describe('a bus whose handlers ask back', () => {
  const trial = Trial.suite();
  let worker: Worker;

  const begin = async (types: readonly string[]) => {
    const made = trial.made({ id: 'w1' });
    worker = made;
    for (const { type, handle } of chain(types, (next, payload) => worker.request(next, payload)))
      worker.handle(type, handle);
    for (const { type, handle } of chain(types, (next, payload) => trial.hub.request('w1', next, payload)))
      trial.hub.handle(type, handle);
    await worker.start({ timeoutMs: 3_000 });
  };

  for (const count of [500, 5_000])
    for (const types of [2, 3])
      it(`answers ${count} requests each way, ${types} types deep, long before they time out`, async () => {
        const names = Array.from({ length: types }, (_, index) => `type ${index}`);
        await begin(names);
        const first = names[0] as string;
        const numbers = Array.from({ length: count }, (_, n) => n);
        const replies = await Promise.all([
          ...numbers.map((n) => trial.hub.request('w1', first, n, { timeoutMs: 15_000 })),
          ...numbers.map((n) => worker.request(first, n, { timeoutMs: 15_000 })),
        ]);
        expect(replies).to.deep.equal([...numbers, ...numbers]);
      }).timeout(20_000);

  it('answers a request beside a flood of another type as it does without one', async () => {
    await begin([]);
    let flooded = 0;
    trial.hub.handle('flood', async () => {
      flooded += 1;
      await sleep(1);
    });
    trial.hub.handle('echo', ({ payload }) => payload);
    const times = async (count: number) => {
      const taken: number[] = [];
      for (let n = 0; n < count; n += 1) {
        const begun = performance.now();
        expect(await worker.request('echo', n)).to.equal(n);
        taken.push(performance.now() - begun);
      }
      return taken.sort((a, b) => a - b)[count >> 1] as number;
    };
    await times(50);
    const usual = await times(50);
    let queued = 0;
    let on = true;
    const flood = (async () => {
      for (let n = 0; on && n < 1_000_000; n += 1) {
        queued += worker.publish('flood', n).queued;
        if (n % 1_000 === 999) await sleep(0);
      }
    })();
    while (flooded === 0 || queued < 16_000) await sleep(1);
    const beside = await times(50);
    on = false;
    await flood;
    // It shares two processes with thousands of messages: what it does not do is wait for them.
    expect(beside).to.be.below(10 * usual + 20);
  }).timeout(20_000);

  it('ends a cycle within one type at its timeout, and serves the others meanwhile', async () => {
    await begin([]);
    const deep = (ask: Ask) =>
      handler('deep', ({ payload }) =>
        (payload as number) > 0 ? ask('deep', (payload as number) - 1) : 'done',
      );
    const options = { timeoutMs: 1_000 };
    trial.hub.handle('deep', deep((type, n) => trial.hub.request('w1', type, n, options)).handle);
    worker.handle('deep', deep((type, n) => worker.request(type, n, options)).handle);
    trial.hub.handle('echo', ({ payload }) => payload);
    expect(await worker.request('deep', 20, { timeoutMs: 2_000 }), 'one of them is no cycle').to.equal(
      'done',
    );
    const calls = Array.from({ length: 500 }, (_, n) =>
      n % 2 ? worker.request('deep', 3, options) : trial.hub.request('w1', 'deep', 3, options),
    ).map((call) => call.catch((error: unknown) => error));
    await sleep(200);
    expect(await worker.request('echo', 'beside', { timeoutMs: 500 })).to.equal('beside');
    for (const ended of await Promise.all(calls))
      if (ended !== 'done') expect(BusError.is(ended) && ended.code).to.equal('timeout');
    // What was asked last on the way down has its own second, and holds its slot as long.
    expect(await worker.request('deep', 3, { timeoutMs: 2_000 }), 'and all is well again').to.equal('done');
    expect(await failure(worker.request('nobody', 1))).to.include({ code: 'unhandled' });
  }).timeout(10_000);
});
