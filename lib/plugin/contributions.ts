import type { BusError } from '../errors/bus-error.js';
import type { Codec } from '../handler/codec.js';
import type { Context, HandlerMessage, Log } from '../handler/context.js';
import type { Executor } from '../handler/executor.js';
import type { Registration } from '../handler/registration.js';
import type { SendFunction } from '../handler/verbs.js';
import type { Authenticate, HandshakeMiddleware } from '../handshake/negotiate.js';
import type { InjectableClass, Provider } from '../services/provider.js';
import type { Services } from '../services/services.js';
import type { MakeDetector } from '../time/detector.js';

/** A handler as an interceptor sees it: gives a value, a promise or a stream, or throws. */
export type HandlerFunction = (message: HandlerMessage, context: Context) => unknown;

/**
 * Wraps handlers: acts before `next`, changes the message that goes in or the result that comes out, or never calls
 * `next` and answers itself. It is applied to each handler once; what it returns runs for each message.
 *
 * `next` may be called once per message and before the interceptor has answered, with the context that came in and a
 * message in which only payload and headers may be others; anything else throws a `BusError` with code `plugin`. Once
 * the signal has fired, it throws the reason of that. What the interceptor itself throws becomes a `plugin` error too,
 * and both name the plugin; a `BusError` of its own and what the handler threw pass unchanged, as does what a stream
 * fails with while it is read.
 */
export type HandlerInterceptor = (next: HandlerFunction) => HandlerFunction;

/**
 * Wraps what this process sends (`publish`, `send`, `request`, `stream`), under the same rules. It acts once per call,
 * before the payload is encoded; a call through `any()` that is tried again elsewhere passes it once.
 */
export type SendInterceptor = (next: SendFunction) => SendFunction;

/** A function alone is around handlers. */
export type Interceptor =
  | HandlerInterceptor
  | { readonly handler?: HandlerInterceptor; readonly send?: SendInterceptor };

/** Something that happened on a hub or worker: what `HubEvent` and `WorkerEvent` have in common. */
export interface BusEvent {
  readonly kind: string;
  /** Why, in words. */
  readonly cause: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The worker's id, where a hub's event is about one. */
  readonly worker?: string;
  readonly epoch?: string;
  /** How long there had been silence, or this process' own stall (`lagged`), in milliseconds. */
  readonly afterMs?: number;
  /** The message type, where it is about a message. */
  readonly type?: string;
  /** The plugin at fault, or else the one whose handler it was (`fault`, `abandoned`). */
  readonly plugin?: string;
  readonly error?: BusError;
}

/** What an observer may know besides the event. */
export interface ObserverContext {
  /** Writes each line behind the plugin's name. */
  readonly log: Log;
  /** What the plugin can see outside of any session. */
  readonly services: Services;
}

/** Told of each event, in the turn in which it happens. What it throws is logged with the plugin's name. */
export type Observe = (event: BusEvent, context: ObserverContext) => void;

/**
 * What a plugin adds to its hub or worker. It is read once, when that is made: what becomes of the object later changes
 * nothing. Dependency order below is the order of listing, except that a plugin comes after those that it requires.
 */
export interface Contributions {
  /** One handler per message type, among all plugins and the application. */
  readonly handlers?: readonly Registration[];
  /**
   * Around every handler of the process (this plugin's, those of other plugins and the application's), or around
   * everything that it sends. The first listed is the outermost; those of several plugins nest in dependency order,
   * the first plugin outermost.
   */
  readonly interceptors?: readonly Interceptor[];
  /** At most one per hub, the application's own included. A worker ignores it. */
  readonly authenticate?: Authenticate;
  /** Appended to one list in dependency order; the first listed is the outermost. A worker ignores it. */
  readonly handshake?: readonly HandshakeMiddleware[];
  /** Forms in which payloads travel, one per name among all plugins. */
  readonly codecs?: readonly Codec[];
  /** Judges the silence of peers; at most one per process. Default: suspect after `suspectAfterMs`. */
  readonly detector?: MakeDetector;
  /** Where handlers with the option `run` are run; one per value of `run` among all plugins. */
  readonly executors?: readonly Executor[];
  /** Services for this plugin and for those that require it; one per token among all that a plugin can see. */
  readonly providers?: readonly Provider[];
  /** Classes whose methods carry `@handles(Contract)`; each is built once, after the plugin's `start`. */
  readonly controllers?: readonly InjectableClass<object>[];
  /** All are told, in dependency order. */
  readonly observers?: readonly Observe[];
}
