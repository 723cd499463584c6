import type { BusError } from '../errors/bus-error.js';
import type { Fault, Message, OutcomeStatus } from '../frame/frame.js';
import type { SessionScope } from '../services/injection.js';
import type { Clock } from '../time/clock.js';
import type { Codecs } from './codec.js';
import type { Log, Peer } from './context.js';
import type { Demand } from './demand.js';
import type { Registration } from './registration.js';

/** One outcome of a message, before it gets a number: the body of an `outcome` frame. */
export interface Reply {
  readonly status: OutcomeStatus;
  readonly payload: Uint8Array;
  readonly codec: string;
  readonly fault?: Fault;
}

/** Hears the outcomes of one message. */
export interface ReplyListener {
  value(reply: Reply): void;
  /** Last, once: the handler has settled, so its slot is free, or is abandoned. */
  ended(): void;
}

/** Outcomes that come one by one. */
export interface LaterReplies {
  /** Tells them all, also those that came before; to be called once. */
  follow(listener: ReplyListener): void;
  /** Nobody listens any more: stops the handler. */
  leave(): void;
}

/** The outcomes of one message: as an array if all are known at once. */
export type Replies = readonly Reply[] | LaterReplies;

/** What is the same for every message of one session. None of its functions may throw. */
export interface Surroundings {
  readonly from: Peer;
  /** Before the number of a message, its id. */
  readonly ids: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What payloads are read with, and replies written. */
  readonly codecs: Codecs;
  /** The services of this session, by the plugin that asks. */
  readonly services: Pick<SessionScope, 'of'>;
  /** Whether the stack of an error travels to the sender. */
  readonly exposeStacks: boolean;
  /** Told of each failure on this side, whether or not the sender waits for the outcome; not of a cancellation. */
  onFault(error: BusError, call: Call): void;
  /**
   * Told of a handler that still runs 5,000 ms after its signal fired; its replies complete right after. `settled`
   * resolves if it ends after all, and never rejects.
   */
  onAbandoned(call: Call, settled: Promise<void>): void;
}

/** What is the same for every message of one type in one session. */
export interface Route {
  readonly registration: Registration;
  readonly surroundings: Surroundings;
}

/** One message on its way through its handler. */
export interface Call {
  readonly message: Message;
  readonly route: Route;
  /** The plugin whose interceptor keeps it from settling; `undefined` if none does, or the handler does. */
  readonly heldBy: string | undefined;
  /** The consumer's credit, for a message that expects a stream. */
  readonly demand: Demand;
}
