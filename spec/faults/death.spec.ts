import { expect } from 'chai';
import { account } from './book.js';
import { allTaken, endsOf, Pair, Stage } from './stage.js';

const beat = { intervalMs: 50, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 400 };
const open = 800;

const ended = (...how: string[]) =>
  how.flatMap((end) => ['request', 'send', 'stream'].map((kind) => `${kind} ${end}`));

describe('a process that is killed in the middle of the traffic', function () {
  this.timeout(40_000);
  const stage = Stage.suite();

  it('as a worker: all that waits on the hub ends once with peer-lost, and the next worker gets what comes later', async () => {
    const hub = stage.hub({ beat });
    const address = await hub.start();
    const next = async () => {
      const worker = stage.worker({ hub: address, id: 'w1' });
      await worker.start();
      const pair = new Pair(hub, worker, 'w1');
      await pair.begin(open);
      await pair.goesOn(2_000);
      return worker;
    };
    let worker = await next();
    for (let round = 1; round <= 3; round++) {
      worker.signal('SIGKILL');
      await hub.tells('suspect w1', round);
      // What is asked of a suspect waits for it, until the verdict.
      await hub.burst('w1', 300);
      const before = await hub.stop('w1');
      const atEnd = account(before);
      expect(atEnd.wrong).to.deep.equal([]);
      expect(endsOf(atEnd)).to.include.members(ended('unknown', 'not-sent'));
      const verdicts = (await hub.events()).filter((event) => /^(suspect|lost) w1$/.test(event));
      expect(verdicts).to.deep.equal(Array.from({ length: round }, () => ['suspect w1', 'lost w1']).flat());

      worker = await next();
      const after = account(await hub.stop('w1'), await worker.seen('hub'), before);
      expect(after).to.deep.include({ wrong: [], undelivered: 0 });
      await hub.begin('w1', open);
    }
  });

  it('as a hub: what had left for it ends once with peer-lost, what had not goes to the next hub', async () => {
    let hub = stage.hub({ beat });
    const listen = await hub.start();
    const worker = stage.worker({ hub: listen, id: 'w1' });
    await worker.start();
    for (let round = 1; round <= 3; round++) {
      await new Pair(hub, worker, 'w1').begin(open);
      await new Pair(hub, worker, 'w1').goesOn(3_000);
      hub.signal('SIGKILL');
      await worker.tells('disconnected', round);
      await worker.burst('hub', 300);
      const before = await worker.book('hub');
      hub = stage.hub({ beat, listen });
      await hub.start();
      await hub.complete(1);
      await hub.begin('w1', open);
      await new Pair(hub, worker, 'w1').goesOn(2_000);
      const after = account(await worker.stop('hub'), await hub.seen('w1'), before);
      expect(after).to.deep.include({ wrong: [], undelivered: 0 });
      expect(endsOf(after)).to.have.members([...allTaken, ...ended('unknown')]);
      await hub.stop('w1');
    }
  });
});
