import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { Cable } from '../bus/cable.js';
import { Child } from '../bus/child.js';
import { eventually, sleep } from '../bus/moment.js';
import { Trial } from '../bus/trial.js';

describe('a link to a worker process, cut again and again', function () {
  this.timeout(120_000);
  const counts = new Map<string, number>();
  const trial = Trial.suite({
    handlers: [
      handler(
        'hub.count',
        ({ payload }) => void counts.set(`${payload}`, (counts.get(`${payload}`) ?? 0) + 1),
      ),
    ],
  });

  it('loses nothing and repeats nothing across 100 cuts, with the link still or away in between', async () => {
    counts.clear();
    const cable = new Cable(trial.address);
    await cable.start();
    trial.later(() => cable.close());
    const child = new Child('worker', { hub: cable.address, id: 'w1' });
    trial.later(() => child.end());
    await child.ready();
    const local = await trial.worker({ id: 'w2', hub: cable.address });
    const epoch = () => trial.hub.workers.get('w1')?.epoch;
    const before = epoch();

    let cutting = true;
    let n = 0;
    const options = { timeoutMs: 60_000 };
    const failed: unknown[] = [];
    let open = 0;
    const produce = async () => {
      while (cutting) {
        const id = n++;
        const calls = [
          trial.hub.send('w1', 'count', id, options),
          trial.hub.request('w1', 'echo', id, options).then((reply) => expect(reply).to.equal(id)),
          local.send('hub.count', id, options),
        ];
        for (const call of calls) {
          open += 1;
          call.catch((error) => failed.push(error)).finally(() => (open -= 1));
        }
        await (id % 10 === 0 ? sleep(2) : Promise.resolve());
        while (open > 3_000) await sleep(5);
      }
    };
    const producing = produce();
    for (let cuts = 0; cuts < 100; cuts++) {
      await sleep(10 + Math.random() * 60);
      if (cuts % 10 === 3) {
        cable.stall(true);
        await sleep(100);
        cable.stall(false);
      }
      cable.refuse(cuts % 4 === 1);
      cable.cut();
      if (cuts % 4 === 1) await sleep(150);
      cable.refuse(false);
      await eventually('it is back', () => trial.hub.workers.get('w1')?.liveness === 'alive');
    }
    cutting = false;
    await producing;
    await eventually('every call is settled', () => open === 0, 20_000);
    expect(failed).to.deep.equal([]);
    expect(n).to.be.above(1_000);
    expect(epoch()).to.equal(before);
    await sleep(500);
    const there = (await trial.hub.request('w1', 'counts', 0)) as Record<string, number>;
    await eventually('the last of them', () => counts.size === n, 5_000);
    for (const seen of [there, Object.fromEntries(counts)]) {
      expect(Object.keys(seen)).to.have.lengthOf(n);
      expect(Object.values(seen).filter((times) => times !== 1)).to.deep.equal([]);
    }
    expect(trial.hubEvents.filter(({ kind }) => kind === 'lost' || kind === 'undelivered')).to.deep.equal([]);
  });
});
