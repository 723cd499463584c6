import type { BeatTiming, Holder } from '../frame/frame.js';

/** Names one of a session's links; what arrives on any other changes nothing. */
export type LinkNumber = number;

/** Names one of a session's pulses, likewise. */
export type PulseNumber = number;

/** What is known of an event loop that stands still. */
export interface Stall {
  /** When it last turned, by this side's clock; moved on by our own stalls. */
  readonly since: number;
  /** Who holds it, or of whom one does; empty for code outside of the handlers. */
  readonly by: readonly Holder[];
  /** It has stood still for longer than the limit, and that was told. */
  readonly overLimit: boolean;
}

/**
 * How a session's peer is judged. `of` says what is missing: any sign of the `process`, or of its `link` while its pulse
 * beats and its loop turns.
 */
export type Verdict =
  | { readonly grade: 'alive' }
  | { readonly grade: 'stalled'; readonly stall: Stall }
  | { readonly grade: 'suspect'; readonly of: 'process' | 'link' };

/** What is true while a session lives, with or without a link. Times are milliseconds on the clock's `now`. */
export interface Living {
  /** When anything last arrived from the peer, over link or pulse; moved on by our own stalls, as all below is. */
  readonly heardAt: number;
  /** When anything last arrived over a link. */
  readonly linkAt: number;
  /** Until then the link had an excuse for its silence: the loop stood still, or the pulse was silent too. */
  readonly excusedAt: number;
  /** When the next tick is due; a tick that is an interval later than that was our own stall. */
  readonly tickDueAt: number;
  readonly verdict: Verdict;
  /** The peer said that it takes no more work. */
  readonly draining: boolean;
  /** The last pulse, whether it is still `open`, and when it last brought something; undefined before the first. */
  readonly pulse:
    | { readonly number: PulseNumber; readonly open: boolean; readonly heardAt: number }
    | undefined;
}

/** A session's state. Each carries what is true in it, and nothing else. */
export type SessionState =
  | { readonly name: 'idle' }
  | ({ readonly name: 'attached'; readonly link: LinkNumber } & Living)
  | ({ readonly name: 'detached'; readonly since: number } & Living)
  | { readonly name: 'ended'; readonly cause: EndCause };

/**
 * Why a session ended. `lost`: nothing was heard of the process; `link`: its pulse beat, and its link did not come back;
 * `stalled`: its loop stood still for longer than the limit; `superseded`: another process claimed its id; `overrun`: it
 * took no outcomes and went on.
 */
export type EndCause = 'lost' | 'link' | 'stalled' | 'left' | 'closed' | 'superseded' | 'overrun';

/** What a session is told. `at` is the clock's `now`. */
export type SessionEvent =
  | { readonly type: 'attach'; readonly at: number; readonly link: LinkNumber }
  | { readonly type: 'heard'; readonly at: number; readonly link: LinkNumber }
  | { readonly type: 'detach'; readonly at: number; readonly link: LinkNumber; readonly cause: string }
  | { readonly type: 'draining'; readonly link: LinkNumber }
  | { readonly type: 'pulse-attach'; readonly at: number; readonly pulse: PulseNumber }
  /**
   * A beat came over a pulse: the loop has not turned for `stillMs`, and `holders` are why; its latest turn was late by
   * `delayMs`.
   */
  | {
      readonly type: 'pulsed';
      readonly at: number;
      readonly pulse: PulseNumber;
      readonly stillMs: number;
      readonly delayMs: number;
      readonly holders: readonly Holder[];
    }
  | {
      readonly type: 'pulse-detach';
      readonly at: number;
      readonly pulse: PulseNumber;
      readonly cause: string;
    }
  | { readonly type: 'tick'; readonly at: number }
  | { readonly type: 'end'; readonly at: number; readonly cause: EndCause };

/** What led to a change, in milliseconds. */
export interface Timings {
  /** How long nothing had been heard of the process. */
  readonly silentMs: number;
  /** How long its link had brought nothing. */
  readonly linkSilentMs: number;
  /** How long its event loop had not turned; 0 where that is not known. */
  readonly stillMs: number;
  readonly by: readonly Holder[];
}

/** What a session wants done. */
export type SessionEffect =
  | { readonly do: 'beat'; readonly lateMs: number }
  | { readonly do: 'drop-link'; readonly link: LinkNumber; readonly cause: string }
  | { readonly do: 'drop-pulse'; readonly pulse: PulseNumber; readonly cause: string }
  /** Asks the peer, over its pulse, to dial again. */
  | { readonly do: 'redial'; readonly pulse: PulseNumber }
  | {
      readonly do: 'grade';
      readonly grade: Verdict['grade'];
      readonly cause: string;
      readonly timings: Timings;
    }
  | { readonly do: 'stall-limit'; readonly timings: Timings }
  | { readonly do: 'stalled-ourselves'; readonly lateMs: number }
  | { readonly do: 'end'; readonly cause: EndCause; readonly timings: Timings };

/** Which side runs the machine: the hub judges its worker; a worker that hears nothing dials again. */
export interface Rules {
  readonly role: 'hub' | 'worker';
  readonly timing: BeatTiming;
  /** How much silence of the process makes it suspect, at this step: a detector's word. Default: as the timing says. */
  readonly suspectAfterMs?: number;
  readonly stallLimit?: StallLimit | undefined;
}

/** How long an event loop may stand still, and what then: tell it once more, or end the session. */
export interface StallLimit {
  readonly ms: number;
  readonly act: 'report' | 'fence';
}

export interface Step {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

export const idle: SessionState = { name: 'idle' };
