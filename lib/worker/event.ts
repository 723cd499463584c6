import type { BusEvent } from '../plugin/contributions.js';

/** What a worker tells of its link and its work. */
export type WorkerEventKind =
  | 'connected'
  | 'degraded'
  | 'disconnected'
  | 'unreachable'
  | 'refused'
  | 'suspect'
  | 'recovered'
  | 'pulse-began'
  | 'pulse-lost'
  | 'draining'
  | 'undelivered'
  | 'overflow'
  | 'fault'
  | 'abandoned'
  | 'lagged';

/** Something that happened on the worker's link or to its work, and why. */
export interface WorkerEvent extends BusEvent {
  readonly kind: WorkerEventKind;
}

/** Where a worker stands: `connecting` until the hub has welcomed it, and again whenever the link is gone. */
export type WorkerState = 'idle' | 'connecting' | 'connected' | 'draining' | 'closed';

/** Tells of an event; when it happened is added. */
export type EmitWorkerEvent = (kind: WorkerEvent['kind'], cause: string, more?: Partial<WorkerEvent>) => void;
