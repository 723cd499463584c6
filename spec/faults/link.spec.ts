import { expect } from 'chai';
import { sleep } from '../bus/moment.js';
import { allTaken, between, endsOf, Pair, random, Stage, seed } from './stage.js';

const beat = { intervalMs: 100, suspectAfterMs: 600, lostAfterMs: 6_000, stalledAfterMs: 1_000 };
const wanted = { messages: 200_000, cuts: 100 };

describe('a link between two processes, cut again and again', function () {
  this.timeout(110_000);
  const stage = Stage.suite();

  it(`loses and repeats nothing of 200,000 messages each way across 100 cuts (SEED=${seed})`, async () => {
    const hub = stage.hub({ beat });
    const cable = await stage.cable(await hub.start());
    const worker = stage.worker({ hub: cable.address, id: 'w1' });
    await worker.start();
    const pair = new Pair(hub, worker, 'w1');
    await pair.begin(1_500);

    const mishaps = [
      () => {},
      // Half open: one side goes on sending into nothing.
      () => cable.stall(true, random() < 0.5 ? 'to hub' : 'to worker'),
      () => cable.stall(true),
      () => cable.refuse(true),
    ];
    let cuts = 0;
    let made = [0, 0];
    const deadline = performance.now() + 75_000;
    while ((cuts < wanted.cuts || Math.min(...made) < wanted.messages) && performance.now() < deadline) {
      await sleep(between(5, 120));
      // More often nothing else, so that greetings and replays are cut as well.
      const mishap = mishaps[Math.max(0, Math.floor(between(-6, mishaps.length)))];
      if (mishap !== mishaps[0]) {
        mishap?.();
        await sleep(between(10, 150));
      }
      if (cable.cut() > 0) cuts += 1;
      cable.stall(false);
      cable.refuse(false);
      made = await pair.started();
    }
    expect(cuts).to.be.at.least(wanted.cuts);
    for (const account of Object.values(await pair.settled())) {
      expect(account.wrong).to.deep.equal([]);
      expect(account).to.include({ undelivered: 0 });
      expect(account.messages).to.be.at.least(wanted.messages);
      expect(endsOf(account).filter((end) => end !== 'publish dropped')).to.deep.equal(allTaken);
    }
    const told = (await hub.events()).filter((event) =>
      /^(lost|left|undelivered|overflow|fault) /.test(event),
    );
    expect(told).to.deep.equal([]);
  });
});
