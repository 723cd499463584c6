import { expect } from 'chai';
import { any, handler } from '../../lib/index.js';
import { Child } from './child.js';
import { eventually, failure, sleep } from './moment.js';
import { beat, Trial } from './trial.js';

/** Room for a busy machine, in milliseconds. */
const noise = 500;

describe('a worker process', function () {
  this.timeout(20_000);
  const naps: number[] = [];
  const trial = Trial.suite({
    handlers: [
      handler('hub.echo', ({ payload }) => payload),
      handler('hub.nap', async ({ payload }) => {
        await sleep(payload as number);
        naps.push(payload as number);
      }),
    ],
  });
  const child = async (id: string) => {
    const process = new Child('worker', { hub: trial.address, id });
    trial.later(() => process.end());
    await process.ready();
    return process;
  };
  const timeOf = async (kind: Parameters<Trial['event']>[0], since: number, ms?: number) => {
    const { at } = await trial.event(kind, 'w1', ms);
    return at - since;
  };

  it('stays alive while a handler of its own waits far longer than lostAfterMs', async () => {
    await child('w1');
    expect(await trial.hub.request('w1', 'nap', 2_500)).to.equal('awake');
    expect(trial.hub.explain('w1').transitions.map(({ to }) => to)).to.deep.equal(['alive']);
  });

  it('stays alive while a handler of the hub waits far longer than lostAfterMs', async () => {
    await child('w1');
    const others = await child('w2');
    const worker = await trial.worker({ id: 'w3' });
    await worker.request('hub.nap', 2_500);
    expect(naps).to.include(2_500);
    for (const id of ['w1', 'w2', 'w3', 'healthy'])
      expect(
        trial.hub.explain(id).transitions.map(({ to }) => to),
        id,
      ).to.deep.equal(['alive']);
    expect(others.told.filter(({ kind }) => kind === 'disconnected')).to.deep.equal([]);
  });

  it('stays alive while its lane is full of handlers that wait', async () => {
    await child('w1');
    const naps = Array.from({ length: 60 }, () => trial.hub.request('w1', 'nap', 1_200));
    await sleep(600);
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
    await Promise.all(naps);
    expect(trial.hub.explain('w1').transitions.map(({ to }) => to)).to.deep.equal(['alive']);
  });

  it('that is killed is suspect at once and lost in time; its requests reject once and say what is known', async () => {
    const process = await child('w1');
    const settled: string[] = [];
    const asked = failure(
      trial.hub.request('w1', 'hang', 0).finally(() => settled.push('request')),
      5_000,
    );
    const sent = trial.hub.send('w1', 'hang', 0);
    await sent;
    await process.tells('that it runs', ({ running }) => running === 'hang');
    const since = Date.now();
    process.signal('SIGKILL');
    expect(await timeOf('suspect', since)).to.be.below(noise);
    const later = failure(trial.hub.request('w1', 'echo', 0), 5_000);
    const error = await asked;
    const lost = await timeOf('lost', since);
    expect(lost).to.be.within(
      beat.lostAfterMs - 2 * beat.intervalMs,
      beat.lostAfterMs + beat.intervalMs + noise,
    );
    expect(error).to.include({ code: 'peer-lost', retryable: true });
    expect(error.details).to.include({ delivery: 'unknown' });
    expect((await later).details).to.include({ delivery: 'not-sent' });
    expect(
      trial.events('undelivered', 'w1').map(({ type }) => type),
      'what it had accepted',
    ).to.deep.equal(['hang']);
    expect(settled).to.deep.equal(['request']);
    expect(trial.hub.workers.get('w1')?.liveness).to.equal('lost');
    expect(trial.hub.explain('w1').text).to.include('suspect').and.include('lost');
    expect(await failure(trial.hub.request('w1', 'echo', 0))).to.include({ code: 'peer-lost' });
  });

  it('that is killed does not stop a request to any(): it goes elsewhere', async () => {
    const process = await child('w1');
    const asked = trial.hub.request(any(), 'pid', 0, { timeoutMs: 8_000 });
    expect(await asked).to.equal(process.pid);
    process.signal('SIGSTOP');
    const again = trial.hub.request(any(), 'pid', 0, { timeoutMs: 8_000 });
    await sleep(50);
    const other = await child('w2');
    expect(await again).to.equal(other.pid);
    process.signal('SIGKILL');
  });

  it('that is killed and comes back under its id is served', async () => {
    const first = await child('w1');
    first.signal('SIGKILL');
    const second = await child('w1');
    expect(await trial.hub.request('w1', 'pid', 0)).to.equal(second.pid);
  });

  it('that is stopped is lost in time, and comes back under a new epoch when it goes on', async () => {
    const process = await child('w1');
    const before = trial.hub.workers.get('w1')?.epoch;
    const since = Date.now();
    process.signal('SIGSTOP');
    const asked = failure(trial.hub.request('w1', 'echo', 0), 5_000);
    const suspect = await timeOf('suspect', since);
    expect(suspect).to.be.within(
      beat.suspectAfterMs - 2 * beat.intervalMs,
      beat.suspectAfterMs + beat.intervalMs + noise,
    );
    const lost = await timeOf('lost', since);
    expect(lost).to.be.within(
      beat.lostAfterMs - 2 * beat.intervalMs,
      beat.lostAfterMs + beat.intervalMs + noise,
    );
    expect(await asked).to.include({ code: 'peer-lost' });
    process.signal('SIGCONT');
    await eventually('it is back', () => trial.hub.workers.get('w1')?.liveness === 'alive', 4_000);
    expect(trial.hub.workers.get('w1')?.epoch).to.not.equal(before);
    expect((await trial.event('fenced', 'w1')).epoch).to.equal(before);
    expect(await trial.hub.request('w1', 'pid', 0)).to.equal(process.pid);
    expect(await trial.hub.request('w1', 'ask hub', 'both ways')).to.equal('both ways');
  });

  it('that is stopped for less than lostAfterMs recovers by itself, in its epoch', async () => {
    const process = await child('w1');
    const before = trial.hub.workers.get('w1')?.epoch;
    process.signal('SIGSTOP');
    const asked = trial.hub.request('w1', 'echo', 'late');
    await trial.event('suspect', 'w1');
    process.signal('SIGCONT');
    expect(await asked).to.equal('late');
    await trial.event('recovered', 'w1');
    expect(trial.hub.workers.get('w1')?.epoch).to.equal(before);
    expect(trial.events('lost', 'w1')).to.deep.equal([]);
  });

  it('whose hub forgets it fires the signal of what it still runs', async () => {
    const process = await child('w1');
    trial.hub.request('w1', 'hang', 0).catch(() => {});
    await process.tells('that it runs', ({ running }) => running === 'hang');
    await trial.hub.close();
    await process.tells('that the signal fired', ({ aborted }) => aborted === 'hang');
    await trial.begin();
    await trial.worker({ id: 'healthy', handlers: [handler('echo', ({ payload }) => payload)] });
  });
});

describe('a hub process', function () {
  this.timeout(20_000);
  const trial = Trial.suite({}, { healthy: true });
  let hub: Child;
  let address: string;
  const begin = async (listen = '127.0.0.1:0') => {
    hub = new Child('hub', { listen, beat });
    const own = hub;
    trial.later(() => own.end());
    address = (await hub.ready()).address as string;
  };

  it('that is killed and comes back has all of its workers again within 2 s', async () => {
    await begin();
    const workers = await Promise.all(
      ['w1', 'w2', 'w3', 'w4', 'w5'].map((id) => trial.worker({ id, hub: address })),
    );
    const epochs = workers.map((worker) => worker.seen.find(({ kind }) => kind === 'connected')?.epoch);
    const hanging = workers.map((worker) =>
      failure(worker.request('hub.hang', 0, { timeoutMs: 15_000 }), 12_000),
    );
    await hub.tells('that it runs', ({ running }) => running === 'hang');
    hub.signal('SIGKILL');
    await hub.exited();
    const meanwhile = workers.map((worker) =>
      worker.request('hub.echo', 'sent while it was away', { timeoutMs: 15_000 }),
    );
    await sleep(500);
    await begin(address);
    const since = performance.now();
    await eventually(
      'all are back',
      () => hub.told.filter(({ kind }) => kind === 'joined').length === 5,
      4_000,
    );
    expect(performance.now() - since).to.be.below(2_000);
    for (const error of await Promise.all(hanging)) {
      expect(error).to.include({ code: 'peer-lost', retryable: true });
      expect(error.details).to.include({ delivery: 'unknown' });
    }
    for (const reply of await Promise.all(meanwhile)) expect(reply).to.equal('sent while it was away');
    const later = workers.map(
      (worker) => worker.seen.filter(({ kind }) => kind === 'connected').at(-1)?.epoch,
    );
    expect(
      later.filter((epoch) => epochs.includes(epoch)),
      'epochs that were used twice',
    ).to.deep.equal([]);
  });

  it('that is stopped for nearly lostAfterMs condemns nobody when it goes on', async () => {
    await begin();
    const workers = await Promise.all(['w1', 'w2', 'w3'].map((id) => trial.worker({ id, hub: address })));
    hub.signal('SIGSTOP');
    await sleep(beat.lostAfterMs - 3 * beat.intervalMs);
    hub.signal('SIGCONT');
    for (const worker of workers) expect(await worker.request('hub.echo', 1)).to.equal(1);
    await sleep(300);
    expect(hub.told.filter(({ kind }) => kind === 'lost' || kind === 'suspect')).to.deep.equal([]);
  });

  it('that is stopped until its workers have dialled again condemns nobody either', async () => {
    await begin();
    const workers = await Promise.all(['w1', 'w2', 'w3'].map((id) => trial.worker({ id, hub: address })));
    hub.signal('SIGSTOP');
    await sleep(2.5 * beat.lostAfterMs);
    hub.signal('SIGCONT');
    for (const worker of workers) expect(await worker.request('hub.echo', 1)).to.equal(1);
    await sleep(300);
    expect(hub.told.filter(({ kind }) => kind === 'lost')).to.deep.equal([]);
  });
});
