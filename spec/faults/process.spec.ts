import { expect } from 'chai';
import { Child } from '../bus/child.js';
import { eventually, failure, sleep } from '../bus/moment.js';
import { beat, Trial } from '../bus/trial.js';

const noise = 500;

describe('a worker process, killed and stopped', function () {
  this.timeout(120_000);
  const trial = Trial.suite();
  const child = async () => {
    const process = new Child('worker', { hub: trial.address, id: 'w1' });
    trial.later(() => process.end());
    await process.ready();
    return process;
  };
  const fresh = () => trial.hubEvents.splice(0);

  it('ten times killed is each time suspect at once, lost in time, and back under its id', async () => {
    for (let round = 0; round < 10; round++) {
      const process = await child();
      expect(await trial.hub.request('w1', 'pid', 0)).to.equal(process.pid);
      fresh();
      const asked = failure(trial.hub.request('w1', 'hang', 0), 5_000);
      await process.tells('that it runs', ({ running }) => running === 'hang');
      const since = Date.now();
      process.signal('SIGKILL');
      expect((await trial.event('suspect', 'w1')).at - since).to.be.below(noise);
      const lost = (await trial.event('lost', 'w1')).at - since;
      expect(lost).to.be.within(
        beat.lostAfterMs - 2 * beat.intervalMs,
        beat.lostAfterMs + beat.intervalMs + noise,
      );
      const error = await asked;
      expect(error).to.include({ code: 'peer-lost', retryable: true });
      expect(error.details).to.include({ delivery: 'unknown' });
    }
  });

  it('stopped and woken ten times for less than lostAfterMs keeps its epoch', async () => {
    const process = await child();
    const before = trial.hub.workers.get('w1')?.epoch;
    for (let round = 0; round < 10; round++) {
      process.signal('SIGSTOP');
      const asked = trial.hub.request('w1', 'echo', round);
      await sleep(beat.suspectAfterMs + 2 * beat.intervalMs);
      process.signal('SIGCONT');
      expect(await asked).to.equal(round);
    }
    expect(trial.hub.workers.get('w1')?.epoch).to.equal(before);
    expect(trial.events('lost', 'w1')).to.deep.equal([]);
  });
});

describe('a hub process, killed and stopped', function () {
  this.timeout(120_000);
  const trial = Trial.suite();
  let hub: Child;
  let address = '127.0.0.1:0';
  const begin = async () => {
    hub = new Child('hub', { listen: address, beat });
    const own = hub;
    trial.later(() => own.end());
    address = (await hub.ready()).address as string;
  };

  it('ten times restarted has all of its workers again within 2 s', async () => {
    await begin();
    const workers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => trial.worker({ id: `w${n}`, hub: address })),
    );
    for (let round = 0; round < 10; round++) {
      const hanging = workers.map((worker) =>
        failure(worker.request('hub.hang', 0, { timeoutMs: 30_000 }), 20_000),
      );
      await eventually('they hang', () => hub.told.filter(({ running }) => running === 'hang').length === 10);
      hub.signal('SIGKILL');
      await hub.exited();
      await sleep(Math.random() * 1_500);
      await begin();
      const since = performance.now();
      await eventually(
        'all are back',
        () => hub.told.filter(({ kind }) => kind === 'joined').length === 10,
        4_000,
      );
      expect(performance.now() - since).to.be.below(2_000);
      for (const error of await Promise.all(hanging))
        expect(error).to.include({ code: 'peer-lost', retryable: true });
      for (const worker of workers) expect(await worker.request('hub.echo', round)).to.equal(round);
    }
  });
});
