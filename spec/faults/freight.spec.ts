import { expect } from 'chai';
import { sleep } from '../bus/moment.js';
import { Freight } from './freight.js';
import { between, random, Stage, seed } from './stage.js';

const beat = { intervalMs: 100, suspectAfterMs: 600, lostAfterMs: 6_000, stalledAfterMs: 1_000 };
const wanted = { payloads: 1_000, cuts: 40 };

describe('payloads in parts over a link that is cut again and again', function () {
  this.timeout(150_000);
  const stage = Stage.suite();

  it(`arrive once, whole and in order, 1,000 of up to 3 MiB each way across 40 cuts (SEED=${seed})`, async () => {
    const hub = stage.hub({ beat });
    const cable = await stage.cable(await hub.start());
    const worker = stage.worker({ hub: cable.address, id: 'w1' });
    await worker.start();
    const freight = new Freight(hub, worker, 'w1');
    await freight.begin(8);

    let cuts = 0;
    let arrived = 0;
    const deadline = performance.now() + 100_000;
    while ((cuts < wanted.cuts || arrived < wanted.payloads) && performance.now() < deadline) {
      await sleep(between(50, 900));
      // Half open: one side goes on sending into nothing.
      if (random() < 0.3) cable.stall(true, random() < 0.5 ? 'to hub' : 'to worker');
      await sleep(between(0, 50));
      cable.refuse(true);
      const cut = cable.cut();
      cable.stall(false);
      // What came before the cut is read by then, and nothing comes until the next link.
      await sleep(20);
      if (cut > 0 && (await freight.halfway())) cuts += 1;
      cable.refuse(false);
      arrived = await freight.arrived();
    }
    expect(cuts, 'cuts in the middle').to.be.at.least(wanted.cuts);
    expect(arrived, 'large payloads').to.be.at.least(wanted.payloads);
    for (const { loaded, unloaded } of await freight.settled()) {
      expect(loaded.odd).to.deep.equal([]);
      expect(unloaded.odd).to.deep.equal([]);
      expect(unloaded.handled).to.deep.equal(loaded.made);
      const { send = 0, request = 0, stream = 0 } = loaded.made;
      expect(loaded.settled, 'calls that came to an end').to.equal(send + request + stream);
    }
    const told = (await hub.events()).filter((event) =>
      /^(lost|left|undelivered|overflow|fault) /.test(event),
    );
    expect(told).to.deep.equal([]);
    expect(await freight.left(), 'bytes held at rest').to.deep.equal([0, 0, 0, 0]);
  });
});
