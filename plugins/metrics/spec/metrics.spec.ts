import { expect } from 'chai';
import { BusError, defineMessage, definePlugin, handler } from 'drumline';
import { Gauge } from 'prom-client';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { METRICS, metrics } from '../lib/index.js';
import { eventually, Fleet } from './fleet.js';
import { scrape } from './scrape.js';
import { parseText, sampleOf } from './text-format.js';

const Add = defineMessage<{ a: number; b: number }, number>('add');
const Break = defineMessage<null, null>('break');

const handlers = [
  handler(Add, ({ payload: { a, b } }) => a + b),
  handler('count', async function* () {
    for (let n = 1; n <= 5; n++) yield n;
  }),
  handler('forever', async function* (_message, { signal }) {
    for (let n = 1; !signal.aborted; n++) {
      yield n;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }),
  handler(Break, async () => {
    throw new BusError('overflow', 'no room');
  }),
];

describe('metrics of a hub and a worker over gRPC', () => {
  it('agree with the traffic on both sides', async () => {
    await using fleet = new Fleet();
    const { hub, plugin: ofHub, address } = await fleet.hub();
    const { worker, plugin: ofWorker } = fleet.worker({ hub: address, id: 'w1', handlers });
    await worker.start();

    for (let n = 0; n < 20; n++) expect(await hub.request('w1', Add, { a: n, b: 1 })).to.equal(n + 1);
    for (let n = 0; n < 3; n++) await hub.request('w1', Break, null).catch(() => {});
    await hub.request('w1', 'nobody', 1).catch(() => {});
    expect(hub.publish('w1', Add, { a: 1, b: 1 })).to.deep.equal({ queued: 1, dropped: 0 });
    await hub.send('w1', Add, { a: 1, b: 1 });
    expect(await lastValueFrom(hub.stream('w1', 'count', null).pipe(toArray()))).to.deep.equal([
      1, 2, 3, 4, 5,
    ]);
    await firstValueFrom(hub.stream('w1', 'forever', null));

    const handled = async (type: string, outcome: string) =>
      sampleOf(await scrape(ofWorker), 'drumline_handled_total', { type, outcome });
    await eventually('22 additions', async () => (await handled('add', 'ok')) === 22);
    await eventually('a stream that was left', async () => (await handled('forever', 'cancelled')) === 1);
    const w = await scrape(ofWorker);
    expect(sampleOf(w, 'drumline_handled_total', { type: 'break', outcome: 'overflow' })).to.equal(3);
    expect(sampleOf(w, 'drumline_handled_total', { type: 'count', outcome: 'ok' })).to.equal(1);
    expect(sampleOf(w, 'drumline_handler_seconds_count', { type: 'add' })).to.equal(22);
    expect(sampleOf(w, 'drumline_handlers_running', { type: 'forever' })).to.equal(0);
    expect(sampleOf(w, 'drumline_faults_total', { type: 'break', code: 'overflow' })).to.equal(3);
    expect(sampleOf(w, 'drumline_faults_total', { type: 'nobody', code: 'unhandled' })).to.equal(1);
    expect(sampleOf(w, 'drumline_connected_total', { cause: 'welcomed' })).to.equal(1);
    expect(sampleOf(w, 'drumline_peers', { grade: 'alive', role: 'worker', id: 'w1' })).to.equal(1);
    expect(sampleOf(w, 'drumline_lane_handled_total')).to.be.at.least(27);
    expect(sampleOf(w, 'drumline_info')).to.equal(1);
    expect(sampleOf(w, 'drumline_info', { version: '2.1.0' })).to.equal(1);

    const h = await scrape(ofHub);
    const calls = (verb: string, type: string, outcome: string) =>
      sampleOf(h, 'drumline_calls_total', { verb, type, outcome });
    expect(calls('request', 'add', 'ok')).to.equal(20);
    expect(calls('request', 'break', 'overflow')).to.equal(3);
    expect(calls('request', 'nobody', 'unhandled')).to.equal(1);
    expect(calls('publish', 'add', 'ok')).to.equal(1);
    expect(calls('send', 'add', 'ok')).to.equal(1);
    expect(calls('stream', 'count', 'ok')).to.equal(1);
    expect(calls('stream', 'forever', 'cancelled')).to.equal(1);
    expect(sampleOf(h, 'drumline_call_seconds_count', { verb: 'request', type: 'add' })).to.equal(20);
    const seconds = sampleOf(h, 'drumline_call_seconds_sum', { verb: 'request', type: 'add' });
    expect(seconds)
      .to.be.above(20 * 1e-5)
      .and.below(5);
    expect(sampleOf(h, 'drumline_published_total', { type: 'add', result: 'queued' })).to.equal(1);
    expect(sampleOf(h, 'drumline_joined_total', { cause: 'new' })).to.equal(1);
    expect(sampleOf(h, 'drumline_peers', { grade: 'alive' })).to.equal(1);
    expect(sampleOf(h, 'drumline_credit_held_messages')).to.be.above(0);
    await eventually('beats', async () => sampleOf(await scrape(ofHub), 'drumline_beats_received_total') > 2);
  });

  it('count a handler that runs, and a call that waits for it', async () => {
    await using fleet = new Fleet();
    const { hub, plugin: ofHub, address } = await fleet.hub();
    let finish = () => {};
    const slow = handler('slow', () => new Promise<void>((resolve) => (finish = resolve)));
    const { worker, plugin: ofWorker } = fleet.worker({ hub: address, id: 'w1', handlers: [slow] });
    await worker.start();
    const reply = hub.request('w1', 'slow', null);
    await eventually(
      'one runs',
      async () => sampleOf(await scrape(ofWorker), 'drumline_handlers_running') === 1,
    );
    expect(sampleOf(await scrape(ofWorker), 'drumline_lane_running')).to.equal(1);
    expect(sampleOf(await scrape(ofHub), 'drumline_calls_waiting')).to.equal(1);
    finish();
    await reply;
    expect(sampleOf(await scrape(ofWorker), 'drumline_handlers_running')).to.equal(0);
    expect(sampleOf(await scrape(ofHub), 'drumline_calls_waiting')).to.equal(0);
  });

  it('count a worker that is refused, on both sides, under the code', async () => {
    await using fleet = new Fleet();
    const { plugin: ofHub, address } = await fleet.hub({ requires: ['teleport'] });
    const { worker, plugin: ofWorker } = fleet.worker({ hub: address });
    await worker.start().then(
      () => expect.fail('it was let in'),
      (error) => expect(error.details.code).to.equal('incompatible'),
    );
    expect(sampleOf(await scrape(ofHub), 'drumline_refused_total', { code: 'incompatible' })).to.equal(1);
    expect(
      sampleOf(parseText(await ofWorker.registry.metrics()), 'drumline_refused_total', {
        code: 'incompatible',
      }),
    ).to.equal(1);
  });

  it('count a cut link as a reconnect, and a lost worker once it stays away', async () => {
    await using fleet = new Fleet();
    const { hub, plugin: ofHub, address } = await fleet.hub();
    const cable = await fleet.cable(address);
    const { worker, plugin: ofWorker } = fleet.worker({ hub: cable.address, id: 'w1', handlers });
    await worker.start();
    cable.cut();
    await eventually(
      'it resumes',
      async () => sampleOf(await scrape(ofWorker), 'drumline_connected_total', { cause: 'resumed' }) === 1,
    );
    const resumed = await scrape(ofWorker);
    expect(sampleOf(resumed, 'drumline_connected_total', { cause: 'welcomed' })).to.equal(1);
    expect(sampleOf(resumed, 'drumline_disconnected_total')).to.equal(1);
    expect(sampleOf(await scrape(ofHub), 'drumline_lost_total', { cause: 'lost' })).to.equal(0);

    cable.refuse(true);
    await eventually('it is lost', () => hub.workers.get('w1')?.liveness === 'lost');
    const h = await scrape(ofHub);
    expect(sampleOf(h, 'drumline_lost_total', { cause: 'lost' })).to.equal(1);
    expect(sampleOf(h, 'drumline_verdicts_total', { grade: 'lost', cause: 'lost' })).to.equal(1);
    expect(sampleOf(h, 'drumline_peers', { grade: 'lost' })).to.equal(1);
    expect(sampleOf(h, 'drumline_peers', { grade: 'alive' })).to.equal(0);
    const verdicts = h.get('drumline_verdicts_total')?.samples ?? [];
    expect(verdicts.filter(({ labels }) => labels.grade === 'suspect')).to.not.deep.equal([]);
    expect(sampleOf(await scrape(ofWorker), 'drumline_unreachable_total')).to.be.above(0);
  });

  it('are apart for two hubs of one process', async () => {
    await using fleet = new Fleet();
    const { hub, plugin: one, address } = await fleet.hub();
    const { plugin: two } = await fleet.hub();
    const { worker } = fleet.worker({ hub: address, id: 'w1', handlers });
    await worker.start();
    await hub.request('w1', Add, { a: 1, b: 1 });
    expect(sampleOf(await scrape(one), 'drumline_joined_total')).to.equal(1);
    expect(sampleOf(await scrape(two), 'drumline_joined_total')).to.equal(0);
    expect((await scrape(two)).get('drumline_calls_total')?.samples).to.deep.equal([]);
  });

  it('count on when the same plugin serves one hub after the other', async () => {
    await using fleet = new Fleet();
    const plugin = metrics({ listen: '127.0.0.1:0' });
    for (const joined of [1, 2]) {
      const { hub, address } = await fleet.hub({}, plugin);
      const { worker } = fleet.worker({ hub: address, id: 'w1' });
      await worker.start();
      expect(sampleOf(await scrape(plugin), 'drumline_joined_total', { cause: 'new' })).to.equal(joined);
      await worker.close();
      await hub.close();
      expect(plugin.address()).to.equal(undefined);
    }
  });

  it('fail the start of a hub whose metrics address is taken, and name the plugin and the option', async () => {
    await using fleet = new Fleet();
    const { plugin } = await fleet.hub();
    const error = await fleet.hub({}, { listen: String(plugin.address()) }).then(
      () => expect.fail('it started'),
      (thrown) => thrown,
    );
    expect(BusError.is(error, 'plugin')).to.equal(true);
    expect(error.message).to.match(
      /^plugin '@drumline\/metrics': start failed: .* is taken: .* option listen/,
    );
  });

  it('take in the metrics of a plugin that requires them', async () => {
    await using fleet = new Fleet();
    const acme = definePlugin({
      manifest: {
        name: '@acme/jobs',
        version: '1.0.0',
        engines: { drumline: '^0.1.0' },
        requires: { '@drumline/metrics': '^0.1.0' },
      },
      start({ services }) {
        new Gauge({ name: 'acme_jobs', help: 'Jobs.', registers: [services.get(METRICS)] }).set(7);
      },
    });
    const { plugin } = await fleet.hub({ plugins: [acme] });
    expect(sampleOf(await scrape(plugin), 'acme_jobs')).to.equal(7);
  });
});
