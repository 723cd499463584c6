import type { Log } from '../handler/context.js';
import type { Services } from '../services/services.js';
import type { Contributions } from './contributions.js';
import type { Stats } from './stats.js';

/** The two kinds of process that a plugin can be part of. */
export type Role = 'hub' | 'worker';

/** What a plugin is and needs, as data. */
export interface Manifest {
  /** As npm names packages: `metrics`, `@acme/metrics`. Once per process. */
  readonly name: string;
  /** A semantic version. */
  readonly version: string;
  /** The versions of the SDK that it runs with, as a semver range; a release candidate passes where its release would. */
  readonly engines: { readonly drumline: string };
  /** Where it can run; both unless given. */
  readonly roles?: readonly Role[];
  /** Plugins that must be there too, each with a semver range. They start first and stop last. */
  readonly requires?: Readonly<Record<string, string>>;
}

/** What a step of a plugin may know. `start` and `ready` get the same signal, `stop` one of its own. */
export interface PluginContext {
  readonly role: Role;
  /** The plugin's own name. */
  readonly name: string;
  /** The worker's id; absent on a hub. */
  readonly id?: string;
  /** The application's version, as in the options of the hub or worker. */
  readonly version?: string;
  /** What the plugin can see: its own providers, the application's, and those of the plugins that it requires. */
  readonly services: Services;
  /** What the hub or worker holds now, in numbers. */
  stats(): Stats;
  /** Writes each line behind the plugin's name. */
  readonly log: Log;
  /**
   * Fires when the step failed or its deadline ran out. That of `start` and `ready` fires too when it is this plugin's
   * turn to stop, and at once if the hub or worker stops during the step. The reason is a `BusError`: `plugin` or
   * `closed`.
   */
  readonly signal: AbortSignal;
}

/**
 * A manifest and its contributions: data that can be listed and checked without running it. The steps are called one
 * plugin after the other, in dependency order, each under a deadline (10,000 ms unless the host says otherwise); one
 * that fails or is late gives a `BusError` with code `plugin` that names the plugin.
 */
export interface Plugin {
  readonly manifest: Manifest;
  readonly contributes?: Contributions;
  /** Before dialling or listening. If it fails, what had started is stopped, in reverse; this plugin is not. */
  start?(context: PluginContext): void | Promise<void>;
  /** Once connected or listening. If it fails, every plugin is stopped. */
  ready?(context: PluginContext): void | Promise<void>;
  /** In reverse order. A failure is logged, and the others are stopped all the same. */
  stop?(context: PluginContext): void | Promise<void>;
}

/**
 * A plugin as frozen data, or a maker of such plugins from options. The object is frozen in place, with its manifest
 * and its lists. Nothing is checked here: the hub or worker that gets the plugin reports every problem at once.
 */
export function definePlugin<Options extends readonly unknown[]>(
  make: (...options: Options) => Plugin,
): (...options: Options) => Plugin;
export function definePlugin(plugin: Plugin): Plugin;
export function definePlugin(
  given: Plugin | ((...options: readonly unknown[]) => Plugin),
): Plugin | ((...options: readonly unknown[]) => Plugin) {
  return typeof given === 'function' ? (...options) => frozen(given(...options)) : frozen(given);
}

function frozen(plugin: Plugin): Plugin {
  const { manifest, contributes } = plugin ?? {};
  for (const data of [manifest, contributes]) {
    if (typeof data !== 'object' || data === null) continue;
    for (const part of Object.values(data)) if (typeof part === 'object') Object.freeze(part);
    Object.freeze(data);
  }
  return Object.freeze(plugin);
}
