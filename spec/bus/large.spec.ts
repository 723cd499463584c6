import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { payload } from '../lane/dock.js';
import { Cable } from './cable.js';
import { Child } from './child.js';
import { failure, sleep } from './moment.js';
import { Trial } from './trial.js';

const MiB = 1024 * 1024;
const beat = { intervalMs: 100, suspectAfterMs: 600, lostAfterMs: 3_000, stalledAfterMs: 400 };

describe('large payloads between processes', function () {
  this.timeout(60_000);
  const trial = Trial.suite({
    beat,
    outbox: { capacityBytes: 256 * MiB },
    handlers: [handler('hub.echo', ({ payload }) => payload)],
  });
  const same = (a: unknown, b: Uint8Array) =>
    a instanceof Uint8Array && a.length === b.length && Buffer.compare(a, b) === 0;
  const child = async (id: string, hub = trial.address) => {
    const process = new Child('worker', { hub, id });
    trial.later(() => process.end());
    await process.ready();
    return process;
  };
  const grades = (id: string) => trial.hub.explain(id).transitions.map(({ to }) => to);

  it('sixteen of 16 MiB go both ways while beats keep their promise and small requests are answered', async () => {
    await child('w1');
    const large = payload(16 * MiB);
    const options = { timeoutMs: 50_000 };
    const all = Array.from({ length: 16 }, () => trial.hub.request('w1', 'echo', large, options));
    let under = true;
    const replies = Promise.all(all).finally(() => {
      under = false;
    });
    const tookMs: number[] = [];
    while (under) {
      const since = performance.now();
      expect(await trial.hub.request('w1', 'double', 21)).to.equal(42);
      tookMs.push(performance.now() - since);
      await sleep(10);
    }
    for (const reply of await replies) expect(same(reply, large)).to.equal(true);
    expect(tookMs.length, 'small requests').to.be.above(20);
    // Less than the time of all of them: none waits behind the large ones.
    expect(Math.max(...tookMs), 'ms of the slowest').to.be.below(5_000);
    expect(trial.hub.stats().beats.worstMs, 'ms by which a beat came late').to.be.below(
      beat.suspectAfterMs - beat.intervalMs,
    );
    expect(grades('w1')).to.deep.equal(['alive']);
    expect(
      same(await trial.hub.request('w1', 'ask hub', large, options), large),
      'asked by the worker',
    ).to.equal(true);
  });

  it('goes on behind what was received when the cable is pulled in the middle', async () => {
    const cable = new Cable(trial.address);
    await cable.start();
    trial.later(() => cable.close());
    const worker = await trial.worker({
      id: 'w1',
      hub: cable.address,
      handlers: [handler('echo', ({ payload }) => payload)],
    });
    const large = payload(24 * MiB);
    let cuts = 0;
    const replies = Promise.all([trial.hub.request('w1', 'echo', large), worker.request('hub.echo', large)]);
    let under = true;
    replies.finally(() => {
      under = false;
    });
    for (; under && cuts < 3; cuts += 1) {
      await sleep(60);
      cable.cut();
    }
    for (const reply of await replies) expect(same(reply, large)).to.equal(true);
    expect(cuts).to.be.above(0);
    expect(trial.events('lost', 'w1')).to.deep.equal([]);
  });

  it('over the ceiling is refused at once on either side', async () => {
    const worker = await trial.worker({ id: 'w1', maxPayloadBytes: 2 * MiB });
    const large = new Uint8Array(2 * MiB + 1);
    expect(await failure(trial.hub.request('w1', 'echo', large))).to.include({ code: 'too-large' });
    expect(await failure(worker.request('hub.echo', large))).to.include({ code: 'too-large' });
    const fits = large.subarray(1);
    expect(same(await worker.request('hub.echo', fits), fits)).to.equal(true);
  });
});
