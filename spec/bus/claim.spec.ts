import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { failure } from './moment.js';
import { hello } from './raw-peer.js';
import { beat, Trial } from './trial.js';

const handlers = [handler('echo', ({ payload }) => payload)];

describe('a worker id', () => {
  const trial = Trial.suite();

  it('of a live worker stays with it; the newcomer gets a retryable id-in-use', async () => {
    await trial.worker({ id: 'w1', handlers });
    const before = trial.hub.workers.get('w1')?.epoch;
    const newcomer = trial.made({ id: 'w1' });
    const error = await failure(newcomer.start({ timeoutMs: 800 }));
    expect(error).to.include({ code: 'handshake-refused', retryable: true });
    expect(error.details).to.include({ code: 'id-in-use' });
    expect(error.message).to.include("'w1'").and.include('choose another');
    expect((await trial.event('refused', 'w1')).error).to.have.property('code', 'id-in-use');
    expect(trial.hub.workers.get('w1')?.epoch).to.equal(before);
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });

  it('of a worker that does not answer goes to the newcomer, within suspectAfterMs', async () => {
    const silent = trial.raw();
    await silent.join(hello('w1'));
    const asked = failure(trial.hub.request('w1', 'echo', 1));
    await silent.next('message');
    const began = performance.now();
    await trial.worker({ id: 'w1', handlers });
    expect(performance.now() - began).to.be.within(beat.suspectAfterMs - 20, beat.suspectAfterMs + 500);
    expect(await asked).to.include({ code: 'peer-lost', retryable: true });
    await silent.gone();
    expect(await trial.hub.request('w1', 'echo', 2)).to.equal(2);
  });

  it('of a worker whose link is gone goes to the newcomer at once', async () => {
    const gone = trial.raw();
    await gone.join(hello('w1'));
    gone.close();
    await trial.event('suspect', 'w1');
    const began = performance.now();
    await trial.worker({ id: 'w1', handlers });
    expect(performance.now() - began).to.be.below(250);
    expect((await trial.event('lost', 'w1')).cause).to.include('superseded');
  });

  it('that ten newcomers want at once goes to one of them', async () => {
    const silent = trial.raw();
    await silent.join(hello('w1'));
    const workers = Array.from({ length: 10 }, () => trial.made({ id: 'w1', handlers }));
    const starts = await Promise.allSettled(workers.map((worker) => worker.start({ timeoutMs: 1_500 })));
    expect(starts.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1);
    for (const start of starts)
      if (start.status === 'rejected') expect(start.reason.details).to.include({ code: 'id-in-use' });
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });

  it('is free again when its worker has left', async () => {
    const first = await trial.worker({ id: 'w1', handlers });
    await first.close();
    await trial.event('left', 'w1');
    await trial.worker({ id: 'w1', handlers });
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });

  it('is not taken by a resume token of another', async () => {
    await trial.worker({ id: 'w1', handlers });
    const other = trial.raw();
    const { resumeToken } = await other.join(hello('w2'));
    const thief = trial
      .raw()
      .send(hello('w1', { resumeToken, received: { seq: 0, messages: 0, bytes: 0 }, incarnation: 'raw-w2' }));
    expect(await thief.refused()).to.include({ code: 'id-in-use', retryable: true });
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });

  it('waits for a live worker to leave, with a retrying newcomer', async () => {
    const first = await trial.worker({ id: 'w1', handlers });
    const newcomer = trial.made({ id: 'w1', handlers });
    const started = newcomer.start({ timeoutMs: 5_000 });
    await trial.event('refused', 'w1');
    await first.close();
    await started;
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });

  it('keeps its session when its own old link is half-open: a valid token replaces it at once', async () => {
    const old = trial.raw();
    const { resumeToken, epoch } = await old.join(hello('w1'));
    const began = performance.now();
    const again = await trial
      .raw()
      .join(hello('w1', { resumeToken, received: { seq: 0, messages: 0, bytes: 0 } }));
    expect(again.epoch).to.equal(epoch);
    expect(performance.now() - began).to.be.below(200);
    await old.gone();
    expect(trial.events('lost', 'w1')).to.deep.equal([]);
  });
});
