import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { Cable } from './cable.js';
import { eventually, failure, sleep } from './moment.js';
import { Trial } from './trial.js';

describe('a link that is cut', () => {
  const counts = new Map<string, number>();
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const trial = Trial.suite({
    handlers: [
      handler('to.hub', ({ payload }) => count(`hub ${payload}`)),
      handler('ask.hub', ({ payload }) => {
        count(`hub asked ${payload}`);
        return payload;
      }),
    ],
  });
  let cable: Cable;
  let stopped: string[] = [];
  const make = async () => {
    const worker = await trial.worker({
      id: 'w1',
      hub: cable.address,
      handlers: [
        handler('to.worker', ({ payload }) => count(`worker ${payload}`)),
        handler('echo', ({ payload }) => payload),
        handler('note', ({ payload }) => count(`note ${payload}`)),
        handler('long', async (_, { signal }) => {
          signal.addEventListener('abort', () => stopped.push('long'));
          await sleep(250);
          return 'done';
        }),
        handler(
          'endless',
          (_, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                stopped.push('endless');
                reject(signal.reason);
              });
            }),
        ),
        handler('tail', async function* ({ payload }) {
          for (let n = 0; n < (payload as number); n++) yield n;
        }),
      ],
    });
    return worker;
  };
  const epoch = () => trial.hub.workers.get('w1')?.epoch;
  const back = async () => {
    await eventually('the worker is back', () => trial.hub.workers.get('w1')?.liveness === 'alive');
  };

  beforeEach(async () => {
    counts.clear();
    stopped = [];
    cable = new Cable(trial.address);
    await cable.start();
    trial.later(() => cable.close());
  });

  it('is dialled again, and the session goes on in the same epoch', async () => {
    const worker = await make();
    const before = epoch();
    const running = trial.hub.request('w1', 'long', 0);
    await sleep(30);
    cable.cut();
    const { cause } = await trial.event('suspect', 'w1');
    expect(cause).to.be.a('string').and.not.equal('');
    await trial.event('recovered', 'w1');
    expect(epoch()).to.equal(before);
    const resumed = () =>
      worker.seen.filter(({ kind, cause }) => kind === 'connected' && cause === 'resumed').length;
    await eventually('the worker to hear of it', () => resumed() > 0);
    expect(resumed()).to.equal(1);
    expect(await running, 'what ran goes on').to.equal('done');
    expect(stopped).to.deep.equal([]);
    expect(trial.events('lost', 'w1')).to.deep.equal([]);
    expect(trial.hub.explain('w1').transitions.map(({ to }) => to)).to.deep.equal([
      'alive',
      'suspect',
      'alive',
    ]);
  });

  it('loses no send, request or reply and repeats none, across 20 cuts', async () => {
    const worker = await make();
    const before = epoch();
    let cutting = true;
    let n = 0;
    const traffic: Promise<unknown>[] = [];
    const produce = async () => {
      while (cutting) {
        const id = n++;
        const replied = (reply: unknown) => expect(reply).to.equal(id);
        traffic.push(
          trial.hub.send('w1', 'to.worker', id),
          worker.send('to.hub', id),
          trial.hub.request('w1', 'echo', id).then(replied),
          worker.request('ask.hub', id).then(replied),
        );
        if (id % 20 === 0) await sleep(1);
      }
    };
    const producing = produce();
    for (let cuts = 0; cuts < 20; cuts++) {
      await sleep(20 + Math.random() * 20);
      cable.cut();
      await back();
    }
    cutting = false;
    await producing;
    await Promise.all(traffic);
    expect(n).to.be.above(200);
    for (let id = 0; id < n; id++)
      for (const name of [`worker ${id}`, `hub ${id}`, `hub asked ${id}`])
        await eventually(name, () => counts.get(name));
    expect(
      [...counts.values()].filter((times) => times !== 1),
      'handled once each',
    ).to.deep.equal([]);
    expect(epoch()).to.equal(before);
    expect(trial.events('lost', 'w1')).to.deep.equal([]);
  });

  it('loses no item of a stream and repeats none, across 10 cuts', async () => {
    await make();
    const items: unknown[] = [];
    let ended: unknown;
    trial.hub.stream('w1', 'tail', 20_000).subscribe({
      next: (item) => items.push(item),
      error: (error) => (ended = error),
      complete: () => (ended = 'done'),
    });
    for (let cuts = 0; cuts < 10 && ended === undefined; cuts++) {
      const before = items.length;
      await eventually('progress', () => ended ?? items.length > before + 100);
      cable.cut();
    }
    await eventually('the end', () => ended, 6_000);
    expect(ended).to.equal('done');
    expect(items).to.deep.equal(Array.from({ length: 20_000 }, (_, n) => n));
  });

  it('does not keep a cancel from the handler', async () => {
    await make();
    const given = new AbortController();
    const asked = failure(trial.hub.request('w1', 'endless', 0, { signal: given.signal }));
    await eventually('it runs', () => trial.hub.workers.get('w1')?.load.inFlight === 1);
    cable.refuse(true);
    cable.cut();
    await trial.event('suspect', 'w1');
    given.abort();
    expect(await asked).to.include({ code: 'cancelled' });
    cable.refuse(false);
    await back();
    await eventually('the signal fires', () => stopped.includes('endless'));
  });

  it('keeps what is sent meanwhile, in order, and answers it later', async () => {
    const worker = await make();
    cable.refuse(true);
    cable.cut();
    await trial.event('suspect', 'w1');
    const replies = Promise.all(Array.from({ length: 100 }, (_, n) => trial.hub.request('w1', 'echo', n)));
    const asked = Promise.all(Array.from({ length: 100 }, (_, n) => worker.request('ask.hub', n)));
    await sleep(100);
    cable.refuse(false);
    expect(await replies).to.deep.equal(Array.from({ length: 100 }, (_, n) => n));
    expect(await asked).to.deep.equal(Array.from({ length: 100 }, (_, n) => n));
  });

  it('that is only still for a while is suspect, recovers by itself, and loses nothing', async () => {
    await make();
    const before = epoch();
    cable.stall(true);
    const asked = trial.hub.request('w1', 'echo', 'through');
    const { afterMs } = await trial.event('suspect', 'w1');
    expect(afterMs).to.be.within(300, 600);
    cable.stall(false);
    expect(await asked).to.equal('through');
    await trial.event('recovered', 'w1');
    expect(epoch()).to.equal(before);
  });

  it('that stays still is lost in time; what waits rejects once, and the worker comes back with a new epoch', async () => {
    const worker = await make();
    const before = epoch();
    cable.stall(true);
    const began = performance.now();
    const asked = failure(trial.hub.request('w1', 'echo', 1));
    const { afterMs } = await trial.event('lost', 'w1');
    expect(performance.now() - began).to.be.within(950, 1_400);
    expect(afterMs).to.be.at.least(1_000);
    const error = await asked;
    expect(error).to.include({ code: 'peer-lost', retryable: true });
    expect(error.details).to.include({ delivery: 'unknown' });
    cable.stall(false);
    cable.cut();
    await eventually(
      'a new epoch',
      () => epoch() !== before && trial.hub.workers.get('w1')?.liveness === 'alive',
    );
    expect((await trial.event('fenced', 'w1')).cause).to.include('lost');
    expect(await trial.hub.request('w1', 'echo', 2)).to.equal(2);
    expect(await worker.request('ask.hub', 3)).to.equal(3);
  });

  it('does not keep a new handler from being announced', async () => {
    const worker = await make();
    cable.refuse(true);
    cable.cut();
    await trial.event('suspect', 'w1');
    worker.handle('late', () => 'here');
    cable.refuse(false);
    await back();
    await eventually('the news', () => trial.hub.workers.get('w1')?.handles.includes('late'));
  });

  it('drops only publishes, and says how many it took', async () => {
    await make();
    cable.refuse(true);
    cable.cut();
    await trial.event('suspect', 'w1');
    for (let n = 0; n < 50; n++)
      expect(trial.hub.publish('w1', 'note', n)).to.deep.equal({ queued: 1, dropped: 0 });
    cable.refuse(false);
    await back();
    await eventually('all of them', () => counts.size === 50);
  });
});

describe('a handler that is registered while the worker joins', () => {
  const trial = Trial.suite({
    authenticate: async () => {
      await sleep(50);
      return { subject: 'somebody' };
    },
  });

  it('is announced', async () => {
    const worker = trial.made({ id: 'w1' });
    const started = worker.start();
    await sleep(30);
    worker.handle('late', () => 'here');
    await started;
    await eventually('the news', () => trial.hub.workers.get('w1')?.handles.includes('late'));
  });
});
