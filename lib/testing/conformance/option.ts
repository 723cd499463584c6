import type { HubOptions } from '../../hub/option.js';
import type { Plugin } from '../../plugin/manifest.js';
import type { WorkerOptions } from '../../worker/option.js';

/** What the conformance kit needs to know of a plugin that its manifest does not say. */
export interface ConformanceOptions {
  /**
   * Makes the plugins that it requires, anew for each case. Each runs beside the plugin where its roles allow that,
   * and on the other side of the bus otherwise.
   */
  readonly with?: () => readonly Plugin[];
  /**
   * Valid payloads by message type: one, or a list of them (a payload that is itself a list goes into a list). A
   * handler without any gets garbage alone, and the names of its cases say so.
   */
  readonly messages?: Readonly<Record<string, unknown>>;
  /** What a worker needs so that the plugin lets it in: version, credentials in `extra`, certificates. */
  readonly greeting?: Partial<WorkerOptions>;
  /** What the hub needs for the same, such as its version. With `listen` the bus runs over gRPC, else in memory. */
  readonly hub?: Partial<HubOptions>;
  /** `new URL('../package.json', import.meta.url)`: where the plugin's package.json is, to have it checked too. */
  readonly packageJson?: URL;
  /** How long a handler may hold the event loop at a time, in milliseconds; default 500. */
  readonly blockMs?: number;
  /**
   * How long a case may take, in milliseconds; default 5,000. Two fifths of it are for a step of the plugin and for an
   * answer of a handler, four fifths for a cancelled handler to settle, a fifth for what is closed to be gone.
   */
  readonly limitMs?: number;
  /** How long the load lasts, in milliseconds; default 1,000, at most a fifth of `limitMs`. */
  readonly loadMs?: number;
}

/** One rule, applied to one plugin. Cases can run in any order, and run one at a time whatever the runner does. */
export interface ConformanceCase {
  /** A sentence about the plugin. */
  readonly name: string;
  /** Rejects with a `BusError`, code `plugin`, whose text names the plugin, what it did, and what to do. */
  run(): Promise<void>;
}
