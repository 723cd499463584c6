import { expect } from 'chai';
import { BusError, type Plugin } from 'drumline/plugin';
import { Counter, Gauge, Registry, register } from 'prom-client';
import { type MetricsOptions, metrics } from '../lib/index.js';
import { Measured } from './measured.js';
import { packageFile } from './package.js';
import { parseText, sampleOf } from './text-format.js';

describe('the options of metrics', () => {
  const wrong: readonly (readonly [MetricsOptions, RegExp])[] = [
    [{ listen: '9464' }, /listen must be 'host:port' or false, not '9464'/],
    [{ listen: '127.0.0.1:70000' }, /listen/],
    [{ listen: true as unknown as string }, /listen/],
    [{ path: 'metrics' }, /path must begin with \//],
    [{ prefix: '1_' }, /prefix must/],
    [{ labels: { 'a-b': 'x' } }, /'a-b' is no name/],
    [{ labels: { type: 'x' } }, /have a label 'type' of their own/],
    [{ labels: { zone: 1 as unknown as string } }, /'zone' must be a text/],
    [{ buckets: [] }, /buckets/],
    [{ buckets: [1, 1] }, /buckets/],
    [{ buckets: [0, 1] }, /buckets/],
  ];
  for (const [options, text] of wrong)
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => metrics(options))
        .to.throw(text)
        .that.satisfies((error: unknown) => BusError.is(error, 'invalid-option'));
    });

  it('put the role, the id of a worker and the labels on every series', async () => {
    const measured = new Measured({ labels: { zone: 'a"b' } });
    await measured.start();
    measured.handler(() => 1)();
    for (const { samples } of parseText(await measured.text()).values())
      for (const { labels } of samples)
        expect(labels, JSON.stringify(labels)).to.include({ role: 'worker', id: 'w1', zone: 'a"b' });
  });

  it('let an empty text leave a label out', async () => {
    const measured = new Measured({ labels: { id: '', role: 'render' } });
    await measured.start();
    expect(parseText(await measured.text()).get('drumline_lagged_total')?.samples).to.deep.equal([
      { name: 'drumline_lagged_total', labels: { role: 'render' }, value: 0 },
    ]);
  });

  it('add to a registry of the application, and leave its own metrics alone', async () => {
    const registry = new Registry();
    new Counter({ name: 'own_total', help: 'Own.', registers: [registry] }).inc();
    const measured = new Measured({ registry, prefix: 'bus_', labels: { zone: 'a' } });
    await measured.start();
    const families = parseText(await registry.metrics());
    expect(families.get('own_total')?.samples).to.deep.equal([{ name: 'own_total', labels: {}, value: 1 }]);
    expect(sampleOf(families, 'bus_lagged_total', { zone: 'a' })).to.equal(0);
    expect([...families.keys()].filter((name) => name.startsWith('drumline_'))).to.deep.equal([]);
  });

  it('refuse a registry in which the names are taken', () => {
    const registry = new Registry();
    metrics({ registry });
    expect(() => metrics({ registry })).to.throw(/registry has a metric 'drumline_\w+' already/);
    expect(() => metrics({ registry, prefix: 'second_' })).to.not.throw();
  });

  it('leave the global registry of prom-client untouched', async () => {
    const measured = new Measured({ defaultMetrics: true });
    await measured.start();
    measured.handler(() => 1)();
    expect(register.getMetricsAsArray()).to.deep.equal([]);
  });

  it('show the metrics of the process only if asked to, also after a second start', async () => {
    expect(await new Measured().text()).to.not.include('process_cpu');
    const measured = new Measured({ defaultMetrics: true });
    await measured.start();
    await measured.stop();
    await measured.start();
    // Read by eye: prom-client has a NaN of its own spelling, which Prometheus takes and the strict reader does not.
    expect(await measured.text()).to.match(/^process_resident_memory_bytes\{role="worker",id="w1"\} \d+$/m);
  });

  it('set the buckets of all histograms', async () => {
    const measured = new Measured({ buckets: [0.5, 2] });
    measured.handler(() => 1)();
    await measured.send('request', async () => 1);
    for (const name of ['drumline_handler_seconds', 'drumline_call_seconds']) {
      const { samples = [] } = parseText(await measured.text()).get(name) ?? {};
      expect(samples.flatMap(({ labels: { le } }) => le ?? [])).to.deep.equal(['0.5', '2', '+Inf']);
    }
  });
});

describe('the plugin', () => {
  it('has the name, version and engine range of its package', () => {
    const { name, version, peerDependencies } = JSON.parse(packageFile('package.json'));
    const { manifest }: Plugin = metrics();
    expect(manifest).to.deep.equal({ name, version, engines: peerDependencies });
  });

  it('zeroes its numbers when its registry is reset, and goes on counting', async () => {
    const measured = new Measured();
    const handle = measured.handler(() => 1);
    handle();
    measured.plugin.registry.resetMetrics();
    handle();
    expect(await measured.handled()).to.deep.equal([0, 1, 1]);
  });

  it('shows no numbers of the bus once it has stopped', async () => {
    const measured = new Measured();
    await measured.start();
    expect(await measured.value('lane_capacity')).to.equal(16_384);
    await measured.stop();
    const families = parseText(await measured.text());
    expect(families.get('drumline_lane_capacity')?.samples).to.deep.equal([]);
    expect(families.get('drumline_peers')?.samples).to.deep.equal([]);
  });

  it('reads the numbers of the bus once per scrape', async () => {
    const measured = new Measured();
    await measured.start();
    const { stats } = measured;
    let read = 0;
    measured.stats = () => {
      read += 1;
      return stats();
    };
    await measured.text();
    await measured.text();
    expect(read).to.equal(2);
  });

  it('is understood as OpenMetrics too', async () => {
    const registry = new Registry<'application/openmetrics-text; version=1.0.0; charset=utf-8'>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const measured = new Measured({ registry: registry as unknown as Registry });
    measured.handler(() => 1)();
    for (let scrape = 0; scrape < 2; scrape++) {
      const text = await measured.text();
      expect(text).to.match(/^# TYPE drumline_handled counter$/m);
      expect(text).to.match(/^drumline_handled_total\{type="job",outcome="ok"\} 1$/m);
    }
  });

  it('lists a metric of another plugin beside its own', async () => {
    const measured = new Measured();
    new Gauge({ name: 'acme_queue', help: 'Acme.', registers: [measured.plugin.registry] }).set(3);
    expect(sampleOf(parseText(await measured.text()), 'acme_queue')).to.equal(3);
  });
});
