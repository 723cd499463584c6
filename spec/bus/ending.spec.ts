import { expect } from 'chai';
import { any, BusError, createHub, createWorker, definePlugin, handler } from '../../lib/index.js';
import { eventually, failure, sleep } from './moment.js';
import { hello, json, message } from './raw-peer.js';
import { beat, collector, Trial } from './trial.js';

describe('the beginning of an end', () => {
  const trial = Trial.suite();

  it('a worker that is closed right after start never joins', async () => {
    const worker = trial.made({ id: 'ghost' });
    const started = failure(worker.start());
    await worker.close();
    expect(await started).to.have.property('code', 'closed');
    await sleep(200);
    expect(trial.hub.workers.has('ghost')).to.equal(false);
  });

  it('a hub that takes its time to close turns its workers away for a while, not for good', async () => {
    const slow = definePlugin({
      manifest: { name: 'slow', version: '1.0.0', engines: { drumline: '*' } },
      stop: () => sleep(300),
    });
    const { log } = collector();
    const first = createHub({ beat, log, plugins: [slow] });
    const address = await first.start();
    const worker = createWorker({ hub: address, id: 'w', log, reconnect: { initialMs: 10, maxMs: 100 } });
    await worker.start();
    await first.close();
    const second = createHub({ beat, log, listen: address });
    await second.start();
    await second.waitFor(1, { timeoutMs: 3_000 });
    await worker.close();
    await second.close();
  });

  it('a worker refused for good fails the calls that wait', async () => {
    const { log } = collector();
    const first = createHub({ beat, log, handlers: [handler('slow', () => sleep(60_000))] });
    const address = await first.start();
    const worker = createWorker({ hub: address, id: 'w', log, reconnect: { initialMs: 10, maxMs: 100 } });
    await worker.start();
    await first.close();
    const waits = failure(worker.send('slow', 1, { timeoutMs: Number.POSITIVE_INFINITY }));
    const second = createHub({
      beat,
      log,
      listen: address,
      authenticate: () => {
        throw new BusError('unauthenticated', 'nobody comes in');
      },
    });
    await second.start();
    expect(await waits).to.include({ code: 'peer-lost' });
    await worker.close();
    await second.close();
  });
});

describe('a cancel in the batch of its message', () => {
  let ran = 0;
  const trial = Trial.suite({
    handlers: [
      handler('note', () => {
        ran += 1;
      }),
    ],
  });

  it('overtakes it: the handler does not run', async () => {
    const peer = trial.raw();
    await peer.join(hello('odd'));
    peer.send({ kind: 'cancel', re: 1, reason: 'timeout' }, message(1, 'note', { payload: json(1) }));
    peer.send(message(2, 'note', { payload: json(2) }));
    await peer.outcome(2);
    expect(ran).to.equal(1);
  });
});

describe('a handler that throws what looks like a lost peer', () => {
  const trial = Trial.suite();

  it('is not run again elsewhere: its worker lives', async () => {
    let ran = 0;
    const lost = () => {
      ran += 1;
      throw new BusError('peer-lost', 'another bus', { details: { delivery: 'unknown' } });
    };
    await trial.worker({ id: 'a', handlers: [handler('job', lost)] });
    await trial.worker({ id: 'b', handlers: [handler('job', lost)] });
    expect(await failure(trial.hub.request(any(), 'job', 1))).to.have.property('code', 'peer-lost');
    expect(ran).to.equal(1);
  });
});

describe('an id with authentication', () => {
  const trial = Trial.suite(
    { authenticate: ({ extra }) => ({ subject: extra.user ?? 'nobody' }) },
    { healthy: false },
  );

  it('stays with the identity of a lost worker', async () => {
    const alice = trial.raw();
    await alice.join({ ...hello('w'), extra: { user: 'alice' } });
    alice.close();
    await eventually('the loss', () => trial.hub.workers.get('w')?.liveness === 'lost');
    const mallory = trial.made({ id: 'w', extra: { user: 'mallory' } });
    const error = await failure(mallory.start({ timeoutMs: 2_000 }));
    expect(error).to.have.property('code', 'handshake-refused');
    expect((error as BusError).details.code).to.equal('unauthenticated');
    const back = await trial.worker({ id: 'w', extra: { user: 'alice' } });
    expect(back.agreement?.features).to.include('resume');
  });
});

describe('options that make no sense', () => {
  const wrong: Record<string, () => unknown> = {
    'a version that is a number': () => createHub({ version: 2 as never }),
    'a lane without bound': () => createHub({ lane: { capacity: Number.POSITIVE_INFINITY } }),
    'a label that is a number': () => createWorker({ hub: '127.0.0.1:1', labels: { cores: 8 as never } }),
    'no hub': () => createWorker({} as never),
  };
  for (const [what, make] of Object.entries(wrong)) {
    it(`are told at once: ${what}`, () => {
      expect(make).to.throw().that.has.property('code', 'invalid-option');
    });
  }
});
