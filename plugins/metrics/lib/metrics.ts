import { BusError, definePlugin, type Plugin, type PluginContext, type Token, token } from 'drumline/plugin';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { gauge, type Home } from './family.js';
import { Handling } from './handling.js';
import { Types } from './label.js';
import { Observing } from './observing.js';
import { type MetricsOptions, settingsOf } from './option.js';
import { Sending } from './sending.js';
import { MetricsServer } from './server.js';
import { Standing } from './standing.js';

/** The registry, for plugins that require `@drumline/metrics` and have metrics of their own. */
export const METRICS: Token<Registry> = token('METRICS');

/** The plugin, and what an application may want of it. */
export interface MetricsPlugin extends Plugin {
  readonly registry: Registry;
  /** Where scrapes are answered, `host:port`; undefined while there is no server. */
  address(): string | undefined;
}

/**
 * Counts and measures what a hub or worker does, and answers scrapes of Prometheus. For one hub or worker at a time.
 * Throws `invalid-option`; its start fails if the address is taken.
 */
export function metrics(options: MetricsOptions = {}): MetricsPlugin {
  const { place, path, prefix, labels, defaultMetrics, buckets } = settingsOf(options);
  const registry = options.registry ?? new Registry();
  const home: Home = { registry, prefix, buckets, constant: {} };
  const types = new Types();
  const observing = new Observing(home, types);
  const handling = new Handling(home, types);
  const sending = new Sending(home, types);
  const standing = new Standing(home);
  const info = gauge(home, 'info', 'Always 1; the version is that of the application.', 'version');
  let running: { server?: MetricsServer; address?: string } | undefined;
  let hasDefaults = !defaultMetrics;

  const plugin: MetricsPlugin = {
    manifest: { name: '@drumline/metrics', version: '0.1.0', engines: { drumline: '^0.1.0' } },
    contributes: {
      observers: [observing.observe],
      interceptors: [{ handler: handling.interceptor, send: sending.interceptor }],
      providers: [{ token: METRICS, value: registry }],
    },
    registry,
    address: () => running?.address,
    async start(context) {
      if (running)
        throw new BusError(
          'plugin',
          'it counts for another hub or worker already: call metrics() once for each',
        );
      running = {};
      try {
        home.constant = constantLabels(context, labels);
        standing.source = () => context.stats();
        info.clear();
        info.of(context.version ?? '').value = 1;
        observing.begin(context.role);
        if (!hasDefaults) collectDefaultMetrics({ register: registry, labels: home.constant });
        hasDefaults = true;
        if (place === undefined) return;
        const { contentType } = registry;
        running.server = new MetricsServer({
          path,
          contentType,
          log: context.log,
          render: () => registry.metrics(),
        });
        running.address = await running.server.listen(place);
        context.log.info(`metrics are at http://${running.address}${path}`);
      } catch (thrown) {
        await plugin.stop?.(context);
        throw thrown;
      }
    },
    async stop() {
      const server = running?.server;
      running = undefined;
      standing.source = undefined;
      await server?.close();
    },
  };
  definePlugin(plugin);
  return plugin;
}

/** A worker's id is on its own series alone: a hub's never name one. */
function constantLabels({ role, id }: PluginContext, labels: Readonly<Record<string, string>>) {
  const all = { role, ...(id === undefined ? {} : { id }), ...labels };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}
