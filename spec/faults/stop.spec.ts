import { expect } from 'chai';
import { sleep } from '../bus/moment.js';
import { allTaken, endsOf, Pair, Stage } from './stage.js';

const beat = { intervalMs: 50, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 400 };
const open = 400;
const stoppedMs = 20_000;

describe('a process that is stopped for 20 s in the middle of the traffic', function () {
  this.timeout(60_000);
  const stage = Stage.suite();

  it('as a worker: is lost in time, others are served meanwhile, and it comes back by itself', async () => {
    const hub = stage.hub({ beat });
    const address = await hub.start();
    const [pair, other] = await Promise.all(
      ['w1', 'w2'].map(async (id) => {
        const worker = stage.worker({ hub: address, id });
        await worker.start();
        return new Pair(hub, worker, id);
      }),
    );
    if (!pair || !other) return;
    await Promise.all([pair.begin(open), other.begin(open)]);
    await pair.goesOn();
    pair.worker.signal('SIGSTOP');
    await sleep(beat.lostAfterMs + 1_000);
    expect((await hub.events()).filter((event) => /^(suspect|lost) /.test(event))).to.deep.equal([
      'suspect w1',
      'lost w1',
    ]);
    await hub.stop('w1');
    for (let second = 2; second < stoppedMs / 1_000; second++)
      await Promise.all([other.goesOn(), sleep(1_000)]);
    pair.worker.signal('SIGCONT');
    await hub.begin('w1', open);
    await pair.goesOn();
    const undelivered = (events: readonly string[]) =>
      events.filter((event) => event.startsWith('undelivered')).length;
    const { toWorker, toHub } = await pair.settled(open);
    const told = await hub.events();
    expect(told.filter((event) => event.endsWith(' w2'))).to.deep.equal(['joined w2', 'degraded w2']);
    for (const [account, events] of [
      [toWorker, told],
      [toHub, await pair.worker.events()],
    ] as const) {
      expect(account.wrong).to.deep.equal([]);
      expect(account.undelivered).to.be.at.most(undelivered(events));
    }
    expect(endsOf(toWorker)).to.include.members([
      ...allTaken,
      'publish dropped',
      'send unknown',
      'request unknown',
    ]);
    for (const account of Object.values(await other.settled())) {
      expect(account).to.deep.include({ wrong: [], undelivered: 0 });
      expect(endsOf(account)).to.deep.equal(allTaken);
    }
  });

  it('as a hub: condemns nobody when it goes on, and nothing is lost or repeated', async () => {
    const hub = stage.hub({ beat });
    const address = await hub.start();
    const pairs = await Promise.all(
      ['w1', 'w2'].map(async (id) => {
        const worker = stage.worker({ hub: address, id });
        await worker.start();
        return new Pair(hub, worker, id);
      }),
    );
    for (const pair of pairs) await pair.begin(open);
    await Promise.all(pairs.map((pair) => pair.goesOn()));
    hub.signal('SIGSTOP');
    await sleep(stoppedMs);
    hub.signal('SIGCONT');
    await Promise.all(pairs.map((pair) => pair.goesOn()));
    for (const pair of pairs)
      for (const account of Object.values(await pair.settled())) {
        expect(account).to.deep.include({ wrong: [], undelivered: 0 });
        expect(endsOf(account)).to.deep.equal(allTaken);
      }
    const told = await hub.events();
    expect(told.filter((event) => /^(lost|left|undelivered) /.test(event))).to.deep.equal([]);
    expect(told.filter((event) => event.startsWith('joined '))).to.have.lengthOf(2);
  });
});
