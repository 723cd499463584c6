import { expect } from 'chai';
import { Stage } from './stage.js';

const beat = { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000, stalledAfterMs: 2_000 };
const MiB = 1024 * 1024;

describe('a link of 10 Mbit/s', function () {
  this.timeout(90_000);
  const stage = Stage.suite();

  it('takes payloads of 4 MiB back to back, both ways, with beats in time and small requests answered', async () => {
    const hub = stage.hub({ beat });
    const cable = await stage.cable(await hub.start());
    cable.throttle(10_000_000);
    const worker = stage.worker({ hub: cable.address, id: 'w1' });
    await worker.start();
    const began = performance.now();
    const large = Promise.all([hub.large('w1', 3, 4 * MiB), worker.large('hub', 3, 4 * MiB)]);
    const [toWorker, toHub] = await Promise.all([hub.small('w1', 9_000), worker.small('hub', 9_000)]);
    const took = await large;
    const tookMs = performance.now() - began;

    const suspects = [...(await hub.events()), ...(await worker.events())];
    expect(suspects.filter((event) => /suspect|lost|disconnected|unreachable/.test(event))).to.deep.equal([]);
    for (const lateMs of [await hub.worstBeat(), await worker.worstBeat()])
      expect(lateMs, 'by how much a beat came late').to.be.below(beat.intervalMs);
    for (const small of [toWorker, toHub])
      expect(Math.max(...small), 'the slowest small request').to.be.below(2_000);
    expect(took.flat()).to.have.lengthOf(6);
    // 12 MiB each way take 10.1 s at least.
    expect(tookMs).to.be.within(10_000, 20_000);
  });
});
