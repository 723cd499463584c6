import type { BusError } from '../errors/bus-error.js';

/** What a worker tells of its link and its work. */
export type WorkerEventKind =
  | 'connected'
  | 'degraded'
  | 'disconnected'
  | 'unreachable'
  | 'refused'
  | 'suspect'
  | 'recovered'
  | 'draining'
  | 'undelivered'
  | 'overflow'
  | 'fault'
  | 'abandoned'
  | 'lagged';

/** Something that happened, and why. */
export interface WorkerEvent {
  readonly kind: WorkerEventKind;
  /** Why, in words. */
  readonly cause: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly epoch?: string;
  /** How long the hub had been silent, or this process' own stall (`lagged`), in milliseconds. */
  readonly afterMs?: number;
  /** The message type (`undelivered`, `overflow`, `fault`, `abandoned`). */
  readonly type?: string;
  /** The plugin whose handler it was (`fault`, `abandoned`). */
  readonly plugin?: string;
  readonly error?: BusError;
}

/** Where a worker stands: `connecting` until the hub has welcomed it, and again whenever the link is gone. */
export type WorkerState = 'idle' | 'connecting' | 'connected' | 'draining' | 'closed';
