import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { sleep } from './moment.js';
import { Trial } from './trial.js';

describe('a worker to which the handshake grants no credit', () => {
  let most = 0;
  let running = 0;
  const slow = handler('slow', async ({ payload }) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(2);
    running -= 1;
    return payload;
  });
  const trial = Trial.suite(
    {
      handlers: [slow],
      handshake: [
        (next) => async (hello, context) => {
          const agreement = await next(hello, context);
          return { ...agreement, features: agreement.features.filter((feature) => feature !== 'credit') };
        },
      ],
    },
    { healthy: false },
  );

  it('has sixteen messages at a time each way, and all are answered', async () => {
    const worker = await trial.worker({ id: 'w', handlers: [slow] });
    for (const ask of [
      (n: number) => worker.request('slow', n),
      (n: number) => trial.hub.request('w', 'slow', n),
    ]) {
      most = 0;
      const replies = await Promise.all(Array.from({ length: 200 }, (_, n) => ask(n)));
      expect(replies).to.deep.equal(Array.from({ length: 200 }, (_, n) => n));
      expect(most).to.be.within(2, 16);
    }
  });
});
