// What a user can rely on, each once and between real processes; the details are in the specs beside this one.
import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { Cable } from './cable.js';
import { Child } from './child.js';
import { eventually, failure, sleep } from './moment.js';
import { double } from './program/double.js';
import { RawHub } from './raw-hub.js';
import { beat, Trial } from './trial.js';

describe('what a user can rely on', function () {
  this.timeout(20_000);
  const counts = new Map<unknown, number>();
  const trial = Trial.suite({
    lane: { capacity: 100, concurrency: 4 },
    handlers: [
      handler('hub.echo', ({ payload }) => payload),
      handler('hub.double', double),
      handler('hub.slow', async ({ payload }) => {
        await sleep(1);
        counts.set(payload, (counts.get(payload) ?? 0) + 1);
      }),
    ],
  });
  const child = async (id: string, hub = trial.address) => {
    const process = new Child('worker', { hub, id });
    trial.later(() => process.end());
    await process.ready();
    return process;
  };
  const grades = (id: string) => trial.hub.explain(id).transitions.map(({ to }) => to);

  it('1: no handler that waits can stop a beat, nor a large payload, and the hub sees what runs', async () => {
    await child('w1');
    const naps = Array.from({ length: 40 }, () => trial.hub.request('w1', 'nap', 1_500));
    const large = 'x'.repeat(4 * 1024 * 1024 - 100);
    const beats: number[] = [];
    const watch = setInterval(() => beats.push(trial.hub.workers.get('w1')?.load.at ?? 0), 5);
    for (let n = 0; n < 3; n++) expect(await trial.hub.request('w1', 'echo', large)).to.equal(large);
    const load = () => trial.hub.workers.get('w1')?.load;
    await eventually(
      'they are seen, with their age',
      () => load()?.inFlight === 32 && (load()?.oldestMs ?? 0) > 100,
    );
    await Promise.all(naps);
    clearInterval(watch);
    expect(grades('w1')).to.deep.equal(['alive']);
    expect(new Set(beats).size, 'beats seen').to.be.above(8);
  });

  it('2: a dead worker is found quickly, for the right reason', async () => {
    const process = await child('w1');
    const since = Date.now();
    process.signal('SIGKILL');
    expect((await trial.event('lost', 'w1')).at - since).to.be.below(
      beat.lostAfterMs + beat.intervalMs + 500,
    );
    const { transitions, text } = trial.hub.explain('w1');
    expect(transitions.map(({ to }) => to)).to.deep.equal(['alive', 'suspect', 'lost']);
    for (const { cause } of transitions) expect(text).to.include(cause);
  });

  it('3: a hub that was itself busy condemns nobody', async () => {
    await child('w1');
    const until = performance.now() + 0.8 * beat.lostAfterMs;
    while (performance.now() < until);
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
    await sleep(3 * beat.intervalMs);
    expect(grades('w1')).to.deep.equal(['alive']);
    const lagged = trial.events('lagged');
    expect(lagged).to.have.lengthOf(1);
    expect(lagged[0]?.afterMs).to.be.within(0.5 * beat.lostAfterMs, beat.lostAfterMs);
  });

  it('4: no peer can crash a hub or a worker', async () => {
    const hub = new Child('hub', { beat });
    trial.later(() => hub.end());
    const address = (await hub.ready()).address as string;
    const other = await trial.worker({ id: 'w1', hub: address });
    for (const bytes of [[0xff, 0xff], [0x0a, 0xff, 0x7f], [0x0a, 0x02, 0x0a, 0x00], []]) {
      const peer = trial.raw('Attach', address).bytes(Buffer.from(bytes));
      peer.bytes(Buffer.from([0xff, 0xff, 0xff]));
      await peer.gone();
    }
    expect(await other.request('hub.echo', 1)).to.equal(1);
    expect(hub.exit).to.equal(undefined);

    const strange = await new RawHub((send) => send(Buffer.from([0xff, 0xff]))).start();
    trial.later(() => strange.close());
    const worker = new Child('worker', { hub: strange.address, id: 'w2' });
    trial.later(() => worker.end());
    await eventually('several tries', () => strange.links > 3, 5_000);
    expect(worker.exit).to.equal(undefined);
    expect([...hub.told, ...worker.told].filter((told) => 'uncaught' in told)).to.deep.equal([]);
  });

  it('5: what waits is bounded, and what is dropped for it is said', async () => {
    counts.clear();
    const worker = await trial.worker({ id: 'w1', outbox: { capacity: 50 } });
    let queued = 0;
    let dropped = 0;
    for (let n = 0; n < 20_000; n++) {
      const result = worker.publish('hub.slow', n);
      queued += result.queued;
      dropped += result.dropped;
      if (n % 2_000 === 0) await sleep(1);
    }
    expect(queued + dropped).to.equal(20_000);
    expect(dropped).to.be.above(10_000);
    await eventually('all that was taken is handled', () => counts.size === queued, 5_000);
    await sleep(50);
    expect([...counts.values()].filter((times) => times !== 1)).to.deep.equal([]);
  });

  it('6: nothing is lost in silence: handled once across reconnects, and each wait ends when a process does', async () => {
    const cable = new Cable(trial.address);
    const process = await child('w1', await cable.start());
    trial.later(() => cable.close());
    const calls: Promise<unknown>[] = [];
    for (let cuts = 0; cuts < 5; cuts++) {
      for (let n = 0; n < 100; n++) calls.push(trial.hub.send('w1', 'count', cuts * 100 + n));
      await sleep(10);
      cable.cut();
    }
    await Promise.all(calls);
    // Accepted is not yet handled.
    let seen: Record<string, number> = {};
    while (Object.keys(seen).length < 500) seen = (await trial.hub.request('w1', 'counts', 0)) as typeof seen;
    expect(Object.values(seen).filter((times) => times !== 1)).to.deep.equal([]);
    const running = failure(trial.hub.request('w1', 'hang', 0), 5_000);
    await process.tells('that it runs', ({ running }) => running === 'hang');
    process.signal('SIGKILL');
    await eventually('its link is gone', () => trial.hub.workers.get('w1')?.liveness === 'suspect');
    const queued = failure(trial.hub.request('w1', 'echo', 0), 5_000);
    expect((await running).details).to.include({ delivery: 'unknown' });
    expect((await queued).details).to.include({ delivery: 'not-sent' });
  });

  it('7: a fault in a handler stays there, and is told to the sender and as an event', async () => {
    const process = await child('w1');
    expect(await failure(trial.hub.request('w1', 'boom', 0))).to.include({
      code: 'handler-failed',
      message: 'boom',
    });
    await process.tells('of the fault', ({ kind, type }) => kind === 'fault' && type === 'boom');
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
    expect(process.exit).to.equal(undefined);
  });

  it('8: an id belongs to the link that claimed it, and a second claim is answered', async () => {
    const process = await child('w1');
    const error = await failure(trial.made({ id: 'w1' }).start({ timeoutMs: 700 }));
    expect(error.details).to.include({ code: 'id-in-use' });
    expect(await trial.hub.request('w1', 'pid', 0)).to.equal(process.pid);
  });

  it('9: a worker is announced when its handlers are ready, and comes back to a restarted hub by itself', async () => {
    const early: Promise<unknown>[] = [];
    trial.hub.events$.subscribe(({ kind, worker }) => {
      if (kind === 'joined' && worker) early.push(trial.hub.request(worker, 'echo', worker));
    });
    await child('w1');
    expect(await Promise.all(early)).to.deep.equal(['w1']);
    const hub = new Child('hub', { beat });
    trial.later(() => hub.end());
    const address = (await hub.ready()).address as string;
    const process = await child('w2', address);
    hub.signal('SIGKILL');
    await hub.exited();
    const again = new Child('hub', { beat, listen: address });
    trial.later(() => again.end());
    await again.tells('that w2 joined', ({ kind, worker }) => kind === 'joined' && worker === 'w2', 3_000);
    expect(process.exit).to.equal(undefined);
  });

  it('10: a handler has one signature, on the hub and on a worker', async () => {
    await child('w1');
    expect(await trial.hub.request('w1', 'double', 21)).to.equal(42);
    expect(await trial.hub.request('w1', 'double at hub', 21)).to.equal(42);
  });
});
