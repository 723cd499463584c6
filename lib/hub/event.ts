import type { BusError } from '../errors/bus-error.js';

/** What a hub tells of its fleet. */
export type HubEventKind =
  | 'joined'
  | 'degraded'
  | 'refused'
  | 'stalled'
  | 'suspect'
  | 'recovered'
  | 'lost'
  | 'left'
  | 'fenced'
  | 'undelivered'
  | 'overflow'
  | 'fault'
  | 'abandoned'
  | 'lagged';

/** Something that happened, and why. */
export interface HubEvent {
  readonly kind: HubEventKind;
  /** The worker's id, where it is about one. */
  readonly worker?: string;
  /** Why, in words. */
  readonly cause: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly epoch?: string;
  /** How long nothing had been heard (`suspect`, `lost`, `recovered`), or the hub's own stall (`lagged`), in milliseconds. */
  readonly afterMs?: number;
  /** The message type (`undelivered`, `overflow`, `fault`, `abandoned`). */
  readonly type?: string;
  /** The plugin whose handler it was (`fault`, `abandoned`). */
  readonly plugin?: string;
  readonly error?: BusError;
}

/** A change of a worker's liveness, as it is kept for `explain`. */
export interface Transition {
  readonly to: 'alive' | 'stalled' | 'suspect' | 'lost' | 'draining' | 'left';
  readonly cause: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How long nothing had been heard, in milliseconds. */
  readonly silentMs: number;
  readonly epoch: string;
}
