import { BusError } from '../errors/bus-error.js';
import type { Log } from '../handler/context.js';
import type { Registration } from '../handler/registration.js';
import type { Plugin } from '../plugin/manifest.js';
import type { Provider } from '../services/provider.js';
import { known, type Names } from '../session/known.js';
import {
  type LaneLimits,
  type MemoryLimits,
  numbers,
  optionalText,
  optionalTexts,
  positive,
  type SendLimits,
} from '../session/option.js';
import type { Clock } from '../time/clock.js';
import type { ClientTls, Transport } from '../transport/link.js';

/** Where the hub is: `host:port`; with certificates; or on another transport. */
export type HubAddress =
  | string
  | { readonly address: string; readonly tls?: ClientTls; readonly transport?: Transport };

/** What a worker's greeting carries besides what the bus needs; each value at most 16,384 characters. */
export type Extra = Readonly<Record<string, string>>;

/** Options of `createWorker`. */
export interface WorkerOptions {
  readonly hub: HubAddress;
  /** Unique in the fleet; default `worker-` and a random part. */
  readonly id?: string;
  /** The application's version (semver), for the handshake and the census. */
  readonly version?: string;
  /** The application's name, for the handshake. */
  readonly application?: string;
  /** What `any(labels)` and `all(labels)` choose by. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly handlers?: readonly Registration[];
  /** Checked all together before anything starts, and started in the order in which they require each other. */
  readonly plugins?: readonly Plugin[];
  /** Services for every plugin and for the application's own handlers. */
  readonly providers?: readonly Provider[];
  readonly lane?: LaneLimits;
  /** What may wait to be sent to the hub, also while it is away. */
  readonly outbox?: SendLimits;
  /** What all buffers of the worker may hold together. */
  readonly memory?: MemoryLimits;
  /**
   * Whether beats come from a thread of their own as well, over a connection of its own, so that a handler that computes
   * without a pause cannot stop them; default true. One thread serves all workers of a process. Where there can be none,
   * and over another transport than gRPC, beats travel on the main link alone.
   */
  readonly pulse?: boolean;
  /**
   * Full jitter: a random wait below a bound that doubles from `initialMs` (default 50) to `maxMs` (default 1,000).
   * `random` gives numbers from 0 up to but not including 1; a test gives its own.
   */
  readonly reconnect?: { readonly initialMs?: number; readonly maxMs?: number; random?(): number };
  /** Features that the hub must have, else the worker does not join. */
  readonly requires?: readonly string[];
  /**
   * More for the hub's handshake to read: tokens, hints. A function is asked before each dial (a token may have run
   * out), under `handshakeTimeoutMs`; if it fails, the worker tries again later.
   */
  readonly extra?: Extra | (() => Extra | Promise<Extra>);
  /** Largest payload of one message in bytes, either way; default 64 MiB. Above 64 KiB it travels in parts. */
  readonly maxPayloadBytes?: number;
  /** How long the hub may take to answer the greeting, in milliseconds; default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Sends the stack of a failed handler along with its fault; default false. */
  readonly exposeStacks?: boolean;
  /** Default: warnings and errors to the console. */
  readonly log?: Log;
  /** For tests on virtual time; default the clock of this process. */
  readonly clock?: Clock;
}

/** Throws `invalid-option`, without the values: they may be secrets. */
export const checkExtra = (extra: unknown): void => optionalTexts(extra, 'extra', 16_384);

const names: Names<WorkerOptions> = {
  hub: true,
  id: true,
  version: true,
  application: true,
  labels: true,
  handlers: true,
  plugins: true,
  providers: true,
  lane: true,
  outbox: true,
  memory: true,
  pulse: true,
  reconnect: true,
  requires: true,
  extra: true,
  maxPayloadBytes: true,
  handshakeTimeoutMs: true,
  exposeStacks: true,
  log: true,
  clock: true,
};

/** Throws `invalid-option` for what would only go wrong later, when the worker greets its hub. */
export function checkOptions(options: WorkerOptions): void {
  known('createWorker', options, names);
  const { hub, id, version, application, labels, extra, maxPayloadBytes, handshakeTimeoutMs } = options;
  const address: unknown =
    typeof hub === 'string' ? hub : (hub as { address?: unknown } | undefined)?.address;
  if (typeof address !== 'string')
    throw new BusError('invalid-option', "a worker needs its hub's address: { hub: 'host:port' }");
  if (typeof hub === 'object') known('hub', hub, { address: true, tls: true, transport: true });
  optionalText(id, 'id');
  optionalText(version, 'version');
  optionalText(application, 'application');
  optionalTexts(labels, 'labels');
  if (typeof extra !== 'function') checkExtra(extra);
  if (maxPayloadBytes !== undefined) positive(maxPayloadBytes, 'maxPayloadBytes');
  if (handshakeTimeoutMs !== undefined) positive(handshakeTimeoutMs, 'handshakeTimeoutMs');
}

/** Where the hub is, in the long form. */
export const whereOf = ({ hub }: WorkerOptions): Exclude<HubAddress, string> =>
  typeof hub === 'string' ? { address: hub } : hub;

/** The waits between two dials, with their defaults. */
export function waitsOf({ reconnect = {} }: WorkerOptions) {
  const { random: _, ...waits } = reconnect;
  return numbers('reconnect', { initialMs: 50, maxMs: 1_000 }, waits);
}
