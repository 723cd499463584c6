import type { Holder } from '../frame/frame.js';
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
  /** How long nothing had been heard of the process, over its link or its pulse, in milliseconds. */
  readonly silentMs: number;
  /** How long its link had brought nothing, in milliseconds. */
  readonly linkSilentMs: number;
  /** How long its event loop stood still, in milliseconds; 0 where that is not known. */
  readonly stillMs: number;
  /** Who held it, or of whom one did; empty for code outside of the handlers, and where it did not stand still. */
  readonly by: readonly Holder[];
  /** How long it had been what it was before, in milliseconds. */
  readonly beforeMs: number;
  readonly epoch: string;
}
