import type { BusError } from '../errors/bus-error.js';
import type { Beat, BeatTiming, ControlFrame, Received, Totals } from '../frame/frame.js';
import type { Peer } from '../handler/context.js';
import type { Clock } from '../time/clock.js';
import type { MakeDetector } from '../time/detector.js';
import type { Beats } from './beats.js';
import type { Dispatch } from './dispatch.js';
import type { EndCause, StallLimit, Timings, Verdict } from './state.js';

/** What the hub or the worker is told by a session of its own. */
export interface SessionHost {
  /** Once more as `stalled`, with the cause `limit`, when the limit of a stall passes. `silentMs` is that of `timings`. */
  graded(grade: Verdict['grade'], cause: string, silentMs: number, timings: Timings): void;
  detached(error: BusError | undefined): void;
  ended(cause: EndCause, silentMs: number, timings: Timings): void;
  /** `lateMs`: how long after its interval it came. With `progress` it came over the pulse. */
  beat(beat: Beat, lateMs: number): void;
  announced(handles: readonly string[]): void;
  draining(): void;
  /** Our own event loop was late by that much. */
  lagged(lateMs: number): void;
  /** Frames came over a link that this session let go of, or after its end: they changed nothing. Told once per link. */
  fenced(cause: string): void;
  /** What the peer had accepted failed there, or died with it. */
  undelivered(type: string, error: BusError): void;
}

/** What a link begins with: the handshake's result. */
export interface Terms {
  readonly epoch: string;
  /** Who handlers see as the sender. */
  readonly from: Peer;
  readonly timing: BeatTiming;
  /** What the peer has received of this session when it is resumed; undefined begins anew. */
  readonly resumed: Received | undefined;
  /** Room that the peer granted beyond that. */
  readonly credit: Totals;
  readonly maxPayloadBytes: number;
  /** Messages without an outcome, each way; `Infinity` where credit does this work. */
  readonly maxUnanswered: number;
  /** Whether the peer keeps to credit and acknowledges; one of the baseline profile answers everything instead. */
  readonly credited: boolean;
  /** Whether large payloads travel in parts, both ways; else all are whole. */
  readonly chunks?: boolean;
  /** Sent ahead of everything else. */
  readonly greeting?: ControlFrame;
}

export interface SessionSetup {
  readonly role: 'hub' | 'worker';
  /** For texts: "worker 'w1'", "the hub". */
  readonly name: string;
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  readonly outbox: { readonly capacity: number; readonly capacityBytes: number; readonly maxWaiting: number };
  readonly host: SessionHost;
  /** Judges the peer's silence; the fixed deadline by default. One is made for each link. */
  readonly detector?: MakeDetector;
  /** How long the peer's event loop may stand still; default: for ever. */
  readonly stallLimit?: StallLimit | undefined;
  /** Where beats are counted, for several sessions together; default: its own. */
  readonly beats?: Beats;
}
