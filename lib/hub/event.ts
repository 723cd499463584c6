import type { BusEvent } from '../plugin/contributions.js';

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

/** Something that happened in the fleet, and why. */
export interface HubEvent extends BusEvent {
  readonly kind: HubEventKind;
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
