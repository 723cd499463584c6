import { BusError } from 'drumline/plugin';
import type { Registry } from 'prom-client';
import { type Place, placeOf } from './server.js';

/** Options of `metrics`. */
export interface MetricsOptions {
  /**
   * Where to answer scrapes, `host:port`; port 0 takes a free one, `false` is for no server. Default `127.0.0.1:9464`.
   * Whoever reaches it can read it.
   */
  readonly listen?: string | false;
  /** Default `/metrics`. */
  readonly path?: string;
  /** What each name begins with; default `drumline_`. */
  readonly prefix?: string;
  /**
   * On every series of this plugin. `role`, and on a worker its `id`, are there unless set here; an empty text leaves
   * one out.
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where the metrics are registered; default one of their own. */
  readonly registry?: Registry;
  /** Also those of the process (processor, memory, event loop), as prom-client names them; default false. */
  readonly defaultMetrics?: boolean;
  /** Upper bounds in seconds of what `handler_seconds` and `call_seconds` are spread over; default 0.0005 to 60. */
  readonly buckets?: readonly number[];
}

/** Options that make sense, with their defaults. */
export interface Settings {
  readonly place: Place | undefined;
  readonly path: string;
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly defaultMetrics: boolean;
  readonly buckets: readonly number[];
}

const defaultBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** Labels that the metrics have already. */
const taken = new Set([
  'type',
  'outcome',
  'verb',
  'result',
  'code',
  'cause',
  'grade',
  'kind',
  'version',
  'le',
]);

/** Throws `invalid-option`, naming the option. */
export function settingsOf({
  listen = '127.0.0.1:9464',
  path = '/metrics',
  prefix = 'drumline_',
  labels = {},
  defaultMetrics = false,
  buckets = defaultBuckets,
}: MetricsOptions): Settings {
  const place = listen === false ? undefined : placeOf(String(listen));
  if (listen !== false && place === undefined)
    refuse(`listen must be 'host:port' or false, not ${shown(listen)}`);
  if (!/^\/[^\s?#]*$/.test(path)) refuse(`path must begin with / and have no query, not ${shown(path)}`);
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix))
    refuse(`prefix must be letters, digits and underscores, and begin with no digit, not ${shown(prefix)}`);
  for (const [name, value] of Object.entries(labels)) {
    if (!/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) refuse(`labels: ${shown(name)} is no name for a label`);
    if (taken.has(name)) refuse(`labels: the metrics have a label '${name}' of their own`);
    if (typeof value !== 'string') refuse(`labels: '${name}' must be a text, not ${shown(value)}`);
  }
  const rising = (bound: number, at: number) =>
    Number.isFinite(bound) && bound > (at === 0 ? 0 : (buckets[at - 1] as number));
  if (!Array.isArray(buckets) || buckets.length === 0 || !buckets.every(rising))
    refuse('buckets must be positive numbers of seconds that ascend');
  return { place, path, prefix, labels, defaultMetrics, buckets: [...buckets] };
}

function refuse(what: string): never {
  throw new BusError('invalid-option', `@drumline/metrics: ${what}`);
}

const shown = (value: unknown) => (typeof value === 'string' ? `'${value.slice(0, 64)}'` : typeof value);
