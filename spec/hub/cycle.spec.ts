import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, watched } from './bus.js';

type Ask = (type: string, payload: unknown) => Promise<unknown>;

/** Handlers of which each but the last asks the other side for the next. */
const chain = (types: readonly string[], ask: Ask) =>
  types.map((type, index) => {
    const next = types[index + 1];
    return handler(type, ({ payload }) => (next === undefined ? payload : ask(next, payload)));
  });

const letters = (count: number) => Array.from({ length: count }, (_, index) => `type ${index}`);

/** Both sides ask each other `count` times, and each request needs others back, of other types. */
async function cycle(count: number, types: readonly string[], lane = {}) {
  const bus = await Bus.of({ lane }, { id: 'w1', lane });
  const [worker] = bus.workers;
  if (worker === undefined) return expect.fail();
  for (const one of chain(types, (type, payload) => worker.request(type, payload)))
    worker.handle(one.type, one.handle);
  for (const one of chain(types, (type, payload) => bus.hub.request('w1', type, payload)))
    bus.hub.handle(one.type, one.handle);
  await bus.clock.settle();
  const first = types[0] as string;
  const calls = Array.from({ length: count }, (_, n) => [
    watched(bus.hub.request('w1', first, n)),
    watched(worker.request(first, n)),
  ]).flat();
  await bus.clock.advance(5_000);
  expect(calls.filter(({ done }) => !done).length, 'still wait').to.equal(0);
  expect(calls.map(({ value }) => value)).to.deep.equal(calls.map((_, index) => index >> 1));
  await bus.close();
}

describe('requests whose handlers ask back', () => {
  noUnhandledRejections();

  for (const count of [500, 5_000])
    for (const types of [2, 3, 6])
      it(`are all answered: ${count} on each side, ${types} types deep`, () =>
        cycle(count, letters(types))).timeout(20_000);
});
