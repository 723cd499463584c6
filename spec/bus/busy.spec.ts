import { expect } from 'chai';
import { Child } from './child.js';
import { eventually, failure, sleep } from './moment.js';
import { Trial } from './trial.js';

const beat = { intervalMs: 100, suspectAfterMs: 600, lostAfterMs: 1_500, stalledAfterMs: 300 };
/** Room for a busy machine on top of what is promised, in milliseconds. */
const noise = 3 * beat.intervalMs;
const computeMs = 3_000;

describe('a worker process with a pulse', function () {
  this.timeout(20_000);
  const trial = Trial.suite({ beat }, { healthy: false });
  const grades = (id: string) => trial.hub.explain(id).transitions.map(({ to }) => to);
  const child = async (...ids: string[]) => {
    const process = new Child('busy', { hub: trial.address, ids });
    trial.later(() => process.end());
    await process.ready();
    for (const id of ids)
      await eventually(`the pulse of ${id}`, () => trial.hub.explain(id).pulse?.open === true);
    return process;
  };

  // After an await nobody knows whose code goes on: it is named as one that may hold the loop.
  for (const [type, when, by] of [
    ['render.frame', '', 'render.frame'],
    ['render.scene', ' after an await', 'render.scene, or code outside of the handlers'],
  ] as const)
    it(`whose handler computes for twice lostAfterMs${when} is stalled, by name, and nothing worse`, async () => {
      const process = await child('w1', 'w2');
      const { epoch } = trial.hub.workers.get('w1') ?? {};
      const asked = trial.hub.request('w1', type, computeMs, { timeoutMs: 15_000 });
      asked.catch(() => {});
      const stalled = await trial.event('stalled', 'w1', 5_000);
      const before = trial.hub.stats().beats.received;
      const watchedMs = 2_000;
      await sleep(watchedMs);
      // Nothing but the pulses of both can have beaten meanwhile. One beat of each may be missed, and one is for the
      // edges.
      const beats = trial.hub.stats().beats.received - before;
      expect(beats, 'beats of two workers').to.be.at.least(2 * (watchedMs / beat.intervalMs - 2));
      expect(trial.hub.workers.get('w1')).to.include({ liveness: 'stalled', stalledBy: by });
      expect(trial.hub.workers.get('w2')?.liveness).to.equal('stalled');

      expect(await asked).to.equal('rendered');
      const { at } = await process.tells('that it runs', ({ running }) => running === type);
      expect(stalled.at - Number(at)).to.be.within(
        beat.stalledAfterMs - beat.intervalMs,
        beat.stalledAfterMs + 2 * beat.intervalMs + noise,
      );
      expect(stalled.cause).to.include(`${type} of plugin 'studio'`);
      if (by === type) expect(stalled).to.include({ type, plugin: 'studio' });
      const recovered = await trial.event('recovered', 'w1');
      expect(recovered).to.include({ cause: 'ticking' });
      await trial.event('recovered', 'w2');
      for (const id of ['w1', 'w2']) {
        expect(grades(id), id).to.deep.equal(['alive', 'stalled', 'alive']);
        for (const kind of ['suspect', 'lost', 'fenced'] as const)
          expect(trial.events(kind, id), kind).to.deep.equal([]);
      }
      expect(trial.hub.workers.get('w1')?.epoch).to.equal(epoch);
      expect(process.told.filter(({ kind }) => kind === 'disconnected')).to.deep.equal([]);
      expect(await trial.hub.request('w2', 'threads', 0), 'threads of both').to.equal(1);
    });

  it('that is killed ends each send, request and stream once, and says what is known of it', async () => {
    const process = await child('w1');
    const settled: string[] = [];
    const call = (name: string, promise: Promise<unknown>) => {
      promise.catch(() => settled.push(name));
      return failure(promise, 8_000);
    };
    const calls = (when: string) => [
      call(`send ${when}`, trial.hub.send('w1', 'hang', 0)),
      call(`request ${when}`, trial.hub.request('w1', 'hang', 0)),
      call(
        `stream ${when}`,
        trial.hub.stream('w1', 'tail', 0).forEach(() => {}),
      ),
    ];
    const items: unknown[] = [];
    const ends: unknown[] = [];
    trial.hub.stream('w1', 'tail', 0).subscribe({
      next: (item) => items.push(item),
      error: (error) => ends.push(error),
      complete: () => ends.push('complete'),
    });
    await eventually('a stream that runs', () => items.length === 1);
    // A stopped process has taken nothing; what leaves for it may have arrived.
    process.signal('SIGSTOP');
    const left = calls('that left');
    await sleep(beat.intervalMs);
    const since = Date.now();
    process.signal('SIGKILL');
    expect((await trial.event('suspect', 'w1')).at - since).to.be.below(noise);
    const waiting = calls('that waited');
    const lost = (await trial.event('lost', 'w1')).at - since;
    expect(lost).to.be.within(
      beat.lostAfterMs - 3 * beat.intervalMs,
      beat.lostAfterMs + beat.intervalMs + noise,
    );
    for (const [asked, delivery] of [
      [left, 'unknown'],
      [waiting, 'not-sent'],
    ] as const)
      for (const error of await Promise.all(asked)) {
        expect(error).to.include({ code: 'peer-lost', retryable: true });
        expect(error.details).to.include({ delivery });
      }
    await eventually('the end of the stream', () => ends.length > 0);
    await sleep(2 * beat.intervalMs);
    expect(settled.sort()).to.deep.equal(
      ['request', 'send', 'stream'].flatMap((name) => [`${name} that left`, `${name} that waited`]),
    );
    expect(items).to.deep.equal([1]);
    expect(ends).to.have.lengthOf(1);
    expect(ends[0]).to.include({ code: 'peer-lost', retryable: true });
  });
});
