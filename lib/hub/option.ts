import { BusError, textOf } from '../errors/bus-error.js';
import type { BeatTiming } from '../frame/frame.js';
import type { Log } from '../handler/context.js';
import type { Registration } from '../handler/registration.js';
import type { Authenticate, HandshakeMiddleware } from '../handshake/negotiate.js';
import type { Plugin } from '../plugin/manifest.js';
import type { Provider } from '../services/provider.js';
import { known, type Names } from '../session/known.js';
import {
  beatTiming,
  type LaneLimits,
  type MemoryLimits,
  optionalText,
  positive,
  type SendLimits,
} from '../session/option.js';
import type { StallLimit } from '../session/state.js';
import type { Clock } from '../time/clock.js';
import type { ServerTls, Transport } from '../transport/link.js';

/** Where a hub listens: `host:port` (port 0 takes a free one); with certificates; or on another transport. */
export type Listen =
  | string
  | { readonly address: string; readonly tls?: ServerTls; readonly transport?: Transport };

/** What a hub takes from strangers. */
export interface HubLimits {
  /** How long a greeting and its negotiation may take each, in milliseconds; default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Largest greeting in bytes; default 65,536. */
  readonly maxHelloBytes?: number;
  /** Largest payload of one message in bytes, either way; default 64 MiB. Above 64 KiB it travels in parts. */
  readonly maxPayloadBytes?: number;
  /** Workers at once; default 100,000. */
  readonly maxSessions?: number;
  /** The same for one address; default none. A worker that resumes its session is always taken. */
  readonly maxSessionsPerAddress?: number;
  /** Links at once whose handshake is not done; default 4,096. */
  readonly maxGreetings?: number;
  /**
   * The same for one address, so that one machine cannot keep all others out; default 1,024. Those beyond it are refused
   * with a retryable `overflow`.
   */
  readonly maxGreetingsPerAddress?: number;
}

/** The times of all verdicts, in milliseconds; and what becomes of a worker whose event loop stands still for long. */
export interface BeatOptions extends Partial<BeatTiming> {
  /** How long a worker may be stalled, in milliseconds; more than `stalledAfterMs`; default none. */
  readonly stallLimitMs?: number;
  /**
   * What happens then: `report` tells of one more `stalled`; `fence` ends its session as lost, with the cause `stalled`,
   * and the worker comes back with a new one when its event loop turns again. Default `report`.
   */
  readonly atStallLimit?: 'report' | 'fence';
}

/** Options of `createHub`. */
export interface HubOptions {
  /** Default `127.0.0.1:0`. */
  readonly listen?: Listen;
  /** The application's version (semver), for the handshake and the census. */
  readonly version?: string;
  readonly handlers?: readonly Registration[];
  /** Checked all together before anything starts, and started in the order in which they require each other. */
  readonly plugins?: readonly Plugin[];
  /** Services for every plugin and for the application's own handlers. */
  readonly providers?: readonly Provider[];
  readonly lane?: LaneLimits;
  /** What may wait to be sent, per worker. */
  readonly outbox?: SendLimits;
  /** What all buffers of the hub may hold together. */
  readonly memory?: MemoryLimits;
  /** Told to each worker in its welcome. Defaults: 1,000, 3,000, 10,000 and 2,000 ms. */
  readonly beat?: BeatOptions;
  readonly limits?: HubLimits;
  /** Who a peer is; before the handshake, and never skipped. */
  readonly authenticate?: Authenticate;
  /** Wraps the lenient default, first listed = outermost. */
  readonly handshake?: readonly HandshakeMiddleware[];
  /** Features that a worker must have, else it is refused: of `credit`, `resume`, `streams`, `chunks`, `pulse`. */
  readonly requires?: readonly string[];
  /** Sends the stack of a failed handler along with its fault; default false. */
  readonly exposeStacks?: boolean;
  /** Default: warnings and errors to the console. */
  readonly log?: Log;
  /** For tests on virtual time; default the clock of this process. */
  readonly clock?: Clock;
}

const names: Names<HubOptions> = {
  listen: true,
  version: true,
  handlers: true,
  plugins: true,
  providers: true,
  lane: true,
  outbox: true,
  memory: true,
  beat: true,
  limits: true,
  authenticate: true,
  handshake: true,
  requires: true,
  exposeStacks: true,
  log: true,
  clock: true,
};

/** Checks the times, and that the limit of a stall is one. Throws `invalid-option`. */
export function beatOptions({ stallLimitMs, atStallLimit = 'report', ...given }: BeatOptions = {}): {
  readonly timing: BeatTiming;
  readonly stallLimit: StallLimit | undefined;
} {
  const timing = beatTiming(given);
  if (atStallLimit !== 'report' && atStallLimit !== 'fence')
    throw new BusError(
      'invalid-option',
      `beat.atStallLimit must be 'report' or 'fence', not ${textOf(atStallLimit)}`,
    );
  if (stallLimitMs === undefined || stallLimitMs === Number.POSITIVE_INFINITY)
    return { timing, stallLimit: undefined };
  if (positive(stallLimitMs, 'beat.stallLimitMs') <= timing.stalledAfterMs)
    throw new BusError(
      'invalid-option',
      `beat.stallLimitMs must be more than stalledAfterMs, ${timing.stalledAfterMs}, not ${stallLimitMs}`,
    );
  return { timing, stallLimit: { ms: stallLimitMs, act: atStallLimit } };
}

/** Throws `invalid-option` for what would only go wrong later, when the hub listens. */
export function checkOptions(options: HubOptions): void {
  known('createHub', options, names);
  optionalText(options.version, 'version');
  const { listen } = options;
  const address: unknown = typeof listen === 'object' ? listen?.address : listen;
  if (listen !== undefined && typeof address !== 'string')
    throw new BusError(
      'invalid-option',
      `listen must be 'host:port' or { address, tls?, transport? }, not ${textOf(listen)}`,
    );
  if (typeof listen === 'object') known('listen', listen, { address: true, tls: true, transport: true });
}
