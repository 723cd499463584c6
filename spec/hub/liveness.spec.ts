import { expect } from 'chai';
import { definePlugin, type HubOptions, handler, type WorkerOptions } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { phiAccrual } from '../session/phi-accrual.js';
import { Bus, watched } from './bus.js';

const hang = handler('hang', () => new Promise(() => {}));

/** What the hub says of its workers, with the time of the bus. */
const story = ({ events }: Bus) => {
  const startedAt = Date.UTC(2020, 0, 1);
  return events
    .splice(0)
    .map(({ kind, at, cause, afterMs }) => [
      at - startedAt,
      kind,
      cause,
      ...(afterMs === undefined ? [] : [afterMs]),
    ]);
};

const learning = definePlugin({
  manifest: { name: 'phi-accrual', version: '1.0.0', engines: { drumline: '*' } },
  contributes: { detector: phiAccrual() },
});

for (const plugins of [[], [learning]])
  describe(plugins.length > 0 ? 'liveness with a detector that learns' : 'liveness', () => {
    noUnhandledRejections();

    const busOf = (hub: HubOptions, ...workers: Omit<WorkerOptions, 'hub'>[]) =>
      Bus.of({ ...hub, plugins }, ...workers.map((worker) => ({ ...worker, plugins })));

    it('says nothing of a fleet in which nothing happens', async () => {
      const bus = await busOf({}, { id: 'w1' }, { id: 'w2' });
      story(bus);
      await bus.clock.advance(120_000);
      expect(story(bus)).to.deep.equal([]);
      expect(bus.hub.workers.get('w1')?.load.lateMs).to.equal(0);
      await bus.close();
    });

    it('finds a silent worker suspect 3 s and lost 10 s after its last beat, and explains it', async () => {
      const bus = await busOf({}, { id: 'w1', handlers: [hang] });
      const { epoch = '' } = bus.hub.workers.get('w1') ?? {};
      const call = watched(bus.hub.request('w1', 'hang', {}));
      story(bus);
      await bus.clock.advance(4_500);
      bus.network.partition('hub', 'w1');
      await bus.clock.advance(20_000);
      expect(story(bus)).to.deep.equal([
        [7_000, 'suspect', 'silent', 3_000],
        [14_000, 'lost', 'lost', 10_000],
      ]);
      expect(call.error).to.deep.include({ code: 'peer-lost', retryable: true });
      expect(call.error?.details).to.include({ delivery: 'unknown' });
      const { liveness, text, transitions } = bus.hub.explain('w1');
      expect(liveness).to.equal('lost');
      expect(transitions.map(({ to, cause, silentMs }) => [to, cause, silentMs])).to.deep.equal([
        ['alive', 'joined', 0],
        ['suspect', 'silent', 3_000],
        ['lost', 'lost', 10_000],
      ]);
      expect(text.split('\n')).to.deep.equal([
        "worker 'w1' is lost.",
        `2020-01-01T00:00:00.000Z became alive (joined), epoch ${epoch}.`,
        '2020-01-01T00:00:07.000Z became suspect (silent) after 7.0 s as alive: nothing was heard of it for 3.0 s.',
        '2020-01-01T00:00:14.000Z became lost (lost) after 7.0 s as suspect: nothing was heard of it for 10.0 s.',
      ]);
      await bus.close();
    });

    it('lets a worker recover by itself when it is heard again in time', async () => {
      const bus = await busOf({}, { id: 'w1' });
      story(bus);
      await bus.clock.advance(500);
      bus.network.partition('hub', 'w1');
      await bus.clock.advance(8_000);
      bus.network.heal();
      await bus.clock.advance(10_000);
      expect(story(bus)).to.deep.equal([
        [3_000, 'suspect', 'silent', 3_000],
        [8_500, 'recovered', 'heard', 8_500],
      ]);
      await bus.close();
    });

    it('takes a worker that came back after it was lost for a new session, and says so', async () => {
      const bus = await busOf({}, { id: 'w1' });
      const before = bus.hub.workers.get('w1')?.epoch;
      bus.network.partition('hub', 'w1');
      await bus.clock.advance(12_000);
      bus.network.heal();
      await bus.clock.advance(5_000);
      expect(bus.happened()).to.deep.equal(['joined w1', 'suspect w1', 'lost w1', 'fenced w1', 'joined w1']);
      const after = bus.hub.workers.get('w1');
      expect(after?.liveness).to.equal('alive');
      expect(after?.epoch).to.not.equal(before);
      expect(after?.history.map(({ to }) => to)).to.deep.equal(['alive', 'suspect', 'lost', 'alive']);
      await bus.close();
    });

    it('keeps the last 64 changes', async () => {
      const bus = await busOf({}, { id: 'w1' });
      for (let i = 0; i < 50; i++) {
        bus.cut('w1');
        await bus.clock.advance(2_500);
      }
      const { history } = bus.hub.workers.get('w1') ?? {};
      expect(history).to.have.length(64);
      expect(history?.at(-1)).to.include({ to: 'alive' });
      await bus.close();
    });

    for (const [name, heldMs] of [
      ['4 s', 4_000],
      ['a minute', 60_000],
    ] as const)
      it(`condemns nobody after the hub itself was stopped for ${name}`, async () => {
        const bus = await busOf({}, { id: 'w1' }, { id: 'w2' });
        const epochs = [...bus.hub.workers.values()].map(({ epoch }) => epoch);
        await bus.clock.advance(3_300);
        bus.happened();
        bus.machine('hub').hold();
        await bus.clock.advance(heldMs);
        bus.machine('hub').release();
        await bus.clock.advance(15_000);
        const kinds = new Set(bus.happened().map((event) => event.split(' ')[0]));
        expect(
          [...kinds].filter((kind) => !['lagged', 'suspect', 'recovered'].includes(kind ?? '')),
        ).to.deep.equal([]);
        expect(kinds.has('lagged')).to.equal(true);
        expect([...bus.hub.workers.values()].map(({ epoch }) => epoch)).to.deep.equal(epochs);
        expect([...bus.hub.workers.values()].map(({ liveness }) => liveness)).to.deep.equal([
          'alive',
          'alive',
        ]);
        await bus.close();
      });

    it('still finds a death that came while the hub was stopped, in its own running time', async () => {
      const bus = await busOf({}, { id: 'w1' });
      await bus.clock.advance(3_300);
      story(bus);
      bus.machine('hub').hold();
      bus.machine('w1').kill();
      await bus.clock.advance(30_000);
      bus.machine('hub').release();
      await bus.clock.advance(20_000);
      const lost = story(bus).find(([, kind]) => kind === 'lost');
      expect(lost?.[0]).to.be.within(33_300 + 8_000, 33_300 + 12_000);
      await bus.close();
    });

    it('lets a worker that hears nothing from its hub dial again, and resume', async () => {
      const bus = await busOf(
        { beat: { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000 } },
        { id: 'w1' },
      );
      const before = bus.hub.workers.get('w1')?.epoch;
      await bus.clock.advance(500);
      // The hub hears the worker, the worker does not hear the hub: what the hub sends takes too long.
      bus.network.latency('hub', 'w1', 20_000);
      await bus.clock.advance(9_400);
      bus.network.latency('hub', 'w1', 0);
      await bus.clock.advance(5_000);
      const kinds = bus.workerEvents.map(({ kind, cause }) => `${kind}: ${cause}`);
      expect(kinds).to.deep.equal([
        'connected: welcomed',
        'suspect: silent',
        'disconnected: the hub was silent: dialling again',
        'recovered: attached',
        'connected: resumed',
      ]);
      expect(bus.hub.workers.get('w1')).to.include({ epoch: before, liveness: 'alive' });
      await bus.close();
    });

    it('refuses times of which no verdict could come', () => {
      const wrong = [
        { suspectAfterMs: 1_000 },
        { lostAfterMs: 3_000 },
        { intervalMs: 0 },
        { intervalMs: Number.NaN },
        { intervalM: 5 },
      ];
      for (const beat of wrong) {
        const bus = new Bus();
        expect(() => void bus.startHub({ beat }).catch(() => {}), JSON.stringify(beat)).to.not.throw();
        expect(bus.hub, JSON.stringify(beat)).to.equal(undefined);
      }
    });
  });
