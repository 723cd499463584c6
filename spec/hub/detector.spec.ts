import { expect } from 'chai';
import { handler } from '../../lib/handler/registration.js';
import { definePlugin } from '../../lib/plugin/manifest.js';
import { fixedDeadline, type MakeDetector } from '../../lib/time/detector.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { phiAccrual } from '../session/phi-accrual.js';
import { Bus } from './bus.js';
import { ask, Crew } from './crew.js';

/** The history of a worker from the second entry on: its first is that it joined. */
const history = ({ fleet }: Crew, id = 'w1') =>
  fleet.roster
    .get(id)
    .history.slice(1)
    .map(({ to, cause, silentMs }) => `${to}: ${cause} after ${silentMs}`);

const holdUp = async (crew: Crew, heldMs: number) => {
  crew.machine.hold();
  await crew.clock.advance(heldMs);
  crew.machine.release();
};

describe('a detector', () => {
  noUnhandledRejections();

  for (const [name, detector] of [
    ['of the fixed deadline', fixedDeadline],
    ['that learns (phi accrual)', phiAccrual()],
    ['that learns and is strict', phiAccrual({ threshold: 2, leastDeviationMs: 30 })],
  ] as const)
    describe(name, () => {
      const crewOf = async () => {
        const crew = new Crew({ detector });
        await crew.join('w1', { detector });
        await crew.join('w2', { detector });
        await crew.clock.advance(30_300);
        return crew;
      };

      it('suspects nobody who beats regularly', async () => {
        const crew = await crewOf();
        await crew.clock.advance(120_000);
        expect(crew.happened()).to.deep.equal(['joined w1', 'joined w2']);
        expect(crew.mates.flatMap(({ grades }) => grades)).to.deep.equal([]);
        await crew.close();
      });

      it('suspects a silent worker before it is lost, and 10 s lose it all the same', async () => {
        const crew = await crewOf();
        crew.network.partition('hub', 'w1');
        await crew.clock.advance(20_000);
        const [suspect, lost, ...more] = history(crew);
        expect(suspect).to.match(/^suspect: silent after [123]000$/);
        expect([lost, more]).to.deep.equal(['lost: lost after 10000', []]);
        expect(history(crew, 'w2')).to.deep.equal([]);
        await crew.close();
      });

      it('lets a worker recover that is heard again in time', async () => {
        const crew = await crewOf();
        crew.network.partition('hub', 'w1');
        await crew.clock.advance(8_000);
        crew.network.heal();
        await crew.clock.advance(60_000);
        expect(history(crew).map((line) => line.split(' ')[0])).to.deep.equal(['suspect:', 'alive:']);
        await crew.close();
      });

      it('suspects nobody after the hub was held up, once or time and again', async () => {
        const crew = await crewOf();
        for (const heldMs of [9_000, 4_000, 4_000, 1_500, 900, 2_100, 900, 900, 1_100, 8_000, 5_000]) {
          await holdUp(crew, heldMs);
          await crew.clock.advance(2_700);
        }
        await crew.clock.advance(20_000);
        expect([...history(crew), ...history(crew, 'w2')]).to.deep.equal([]);
        await crew.close();
      });

      it('loses nobody after the hub was held up for a minute, though the workers have closed their links', async () => {
        const crew = await crewOf();
        await holdUp(crew, 60_000);
        await crew.clock.advance(20_000);
        expect(new Set(history(crew))).to.deep.equal(
          new Set(['suspect: closed after 0', 'alive: attached after 0']),
        );
        await crew.close();
      });

      it('has learned nothing wrong from a hub that was held up: a death is found as soon as ever', async () => {
        const crew = await crewOf();
        for (let times = 0; times < 20; times += 1) {
          await holdUp(crew, 8_000);
          await crew.clock.advance(3_700);
        }
        crew.network.partition('hub', 'w1');
        await crew.clock.advance(20_000);
        const [suspect, lost] = history(crew);
        expect(suspect).to.match(/^suspect: silent after [123]\d\d\d$/);
        expect(lost).to.match(/^lost: lost after 10\d\d\d$/);
        await crew.close();
      });

      it('lets a worker that hears nothing from its hub dial again, and resume', async () => {
        const crew = await crewOf();
        crew.network.latency('hub', 'w1', 20_000);
        await crew.clock.advance(9_400);
        crew.network.latency('hub', 'w1', 0);
        await crew.clock.advance(5_000);
        expect(crew.mates[0]?.grades).to.deep.equal(['suspect: silent', 'alive: attached']);
        expect(crew.fleet.roster.get('w1').liveness).to.equal('alive');
        expect(crew.happened()).to.not.include('lost w1');
        await crew.close();
      });
    });

  describe('that learns', () => {
    /** Beats that arrive up to so much later than they left, for ten minutes: how often the worker was suspect. */
    const suspicions = async (detector: MakeDetector) => {
      const crew = new Crew({ detector });
      await crew.join();
      crew.network.latency('w1', 'hub', (random) => (random() < 0.3 ? 4_500 * random() : 0));
      await crew.clock.advance(600_000);
      const early = crew.happened().filter((event) => event === 'suspect w1').length;
      crew.network.partition('hub', 'w1');
      await crew.clock.advance(30_000);
      expect(crew.happened().slice(-2)).to.deep.equal(['suspect w1', 'lost w1']);
      await crew.close();
      return early;
    };

    it('forgives what a worker is used to, and still finds its silence', async () => {
      expect(await suspicions(fixedDeadline)).to.be.above(20);
      expect(await suspicions(phiAccrual())).to.be.below(3);
    });

    it('finds the silence of a worker that was never late sooner than the fixed deadline', async () => {
      const crew = new Crew({ detector: phiAccrual({ leastDeviationMs: 100 }) });
      await crew.join();
      await crew.clock.advance(30_300);
      crew.network.partition('hub', 'w1');
      await crew.clock.advance(3_000);
      expect(history(crew)).to.deep.equal(['suspect: silent after 2000']);
      await crew.close();
    });
  });

  /** Remembers what each detector that it makes was told. */
  function recording() {
    const told: number[][] = [];
    const make: MakeDetector = () => {
      const times: number[] = [];
      told.push(times);
      return { heard: (at) => times.push(at), suspectAfterMs: () => 2_500 };
    };
    return { told, make };
  }

  it('is made anew for each link', async () => {
    const { told, make } = recording();
    const crew = new Crew({ detector: make });
    await crew.join();
    await crew.clock.advance(3_500);
    crew.network.cut('w1');
    await crew.clock.advance(2_500);
    expect(told).to.deep.equal([
      [1_000, 2_000, 3_000],
      [4_600, 5_600],
    ]);
    await crew.close();
  });

  it('hears of beats, and of nothing else', async () => {
    const { told, make } = recording();
    const crew = new Crew({ detector: make, handlers: [handler('note', () => 1)] });
    const mate = await crew.join();
    for (let n = 0; n < 30; n += 1) {
      ask(mate.session, 'note');
      await crew.clock.advance(100);
    }
    expect(told).to.deep.equal([[1_000, 2_000, 3_000]]);
    expect(crew.dispatch.gauge.handled).to.equal(30);
    await crew.close();
  });

  it('that fails is told of with its plugin, once per session and in one line, and the fixed deadline holds', async () => {
    let made = 0;
    const broken: MakeDetector = Object.assign(
      () => {
        made += 1;
        return { heard() {}, suspectAfterMs: () => Number.NaN };
      },
      { plugin: '@acme/phi' },
    );
    const crew = new Crew({ detector: broken });
    await crew.join('w1');
    await crew.join('w2');
    await crew.clock.advance(1_500);
    crew.network.cut('w1');
    await crew.clock.advance(10_800);
    expect(crew.faults.map(({ kind, peer, type, plugin }) => [kind, peer, type, plugin])).to.deep.equal([
      ['fault', 'w1', undefined, '@acme/phi'],
      ['fault', 'w2', undefined, '@acme/phi'],
    ]);
    expect(crew.faults[0]?.error.message).to.equal(
      "plugin '@acme/phi': its detector for worker 'w1' gave NaN for suspectAfterMs(); from now on 3000 ms of silence make it suspect",
    );
    expect(crew.logged).to.deep.equal([crew.faults[0]?.error.message]);
    expect(made).to.equal(2);
    crew.network.partition('hub', 'w1');
    await crew.clock.advance(20_000);
    expect(history(crew).slice(-2)).to.deep.equal(['suspect: silent after 3000', 'lost: lost after 10000']);
    await crew.close();
  });

  it('of a plugin judges on the hub and on its workers, and is named when it fails', async () => {
    const times: number[] = [];
    const plugin = (name: string, ms: () => number) =>
      definePlugin({
        manifest: { name, version: '1.0.0', engines: { drumline: '*' } },
        contributes: { detector: () => ({ heard: (at) => times.push(at), suspectAfterMs: ms }) },
      });
    const bus = await Bus.of(
      { plugins: [plugin('strict', () => 1_500)] },
      { id: 'w1', plugins: [plugin('odd', () => -1)] },
    );
    await bus.clock.advance(2_500);
    expect(times).to.deep.equal([1_000, 2_000]);
    const faults = bus.workerEvents.filter(({ kind }) => kind === 'fault');
    expect(faults.map((event) => event.plugin)).to.deep.equal(['odd']);
    expect(faults[0]?.cause).to.match(/^plugin 'odd': its detector for the hub gave -1 for suspectAfterMs/);
    bus.network.partition('hub', 'w1');
    await bus.clock.advance(3_000);
    expect(bus.happened()).to.deep.equal(['joined w1', 'suspect w1']);
    expect(bus.hub.stats().peers).to.include({ alive: 0, suspect: 1 });
    expect(bus.workers[0]?.stats().beats).to.include({ received: 2 });
    await bus.close();
  });

  it('that fails on a worker is told of there', async () => {
    const crew = new Crew();
    const mate = await crew.join('w1', { detector: () => undefined as never });
    expect(mate.faults.map(({ peer, error }) => [peer, error.code])).to.deep.equal([['hub', 'plugin']]);
    expect(mate.session.state.name).to.equal('attached');
    await crew.close();
  });
});
