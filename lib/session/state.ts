import type { BeatTiming } from '../frame/frame.js';

/** Names one of a session's links; what arrives on any other changes nothing. */
export type LinkNumber = number;

/** What is true while a session lives, with or without a link. Times are milliseconds on the clock's `now`. */
interface Living {
  /** When anything last arrived from the peer; moved on by our own stalls. */
  readonly heardAt: number;
  /** When the next tick is due; a tick that is an interval later than that was our own stall. */
  readonly tickDueAt: number;
  readonly grade: 'alive' | 'suspect';
  /** The peer said that it takes no more work. */
  readonly draining: boolean;
}

/** A session's state. Each carries what is true in it, and nothing else. */
export type SessionState =
  | { readonly name: 'idle' }
  | ({ readonly name: 'attached'; readonly link: LinkNumber } & Living)
  | ({ readonly name: 'detached'; readonly since: number } & Living)
  | { readonly name: 'ended'; readonly cause: EndCause };

/** Why a session ended. `superseded`: another process claimed its id; `overrun`: it took no
 * outcomes and went on. */
export type EndCause = 'lost' | 'left' | 'closed' | 'superseded' | 'overrun';

/** What a session is told. `at` is the clock's `now`. */
export type SessionEvent =
  | { readonly type: 'attach'; readonly at: number; readonly link: LinkNumber }
  | { readonly type: 'heard'; readonly at: number; readonly link: LinkNumber }
  | { readonly type: 'detach'; readonly at: number; readonly link: LinkNumber; readonly cause: string }
  | { readonly type: 'draining'; readonly link: LinkNumber }
  | { readonly type: 'tick'; readonly at: number }
  | { readonly type: 'end'; readonly cause: EndCause };

/** What a session wants done. */
export type SessionEffect =
  | { readonly do: 'beat'; readonly lateMs: number }
  | { readonly do: 'drop-link'; readonly link: LinkNumber; readonly cause: string }
  | {
      readonly do: 'grade';
      readonly grade: 'alive' | 'suspect';
      readonly cause: string;
      readonly silentMs: number;
    }
  | { readonly do: 'stalled-ourselves'; readonly lateMs: number }
  | { readonly do: 'end'; readonly cause: EndCause; readonly silentMs: number };

/** Which side runs the machine: the hub judges its worker; a worker that hears nothing dials again. */
export interface Rules {
  readonly role: 'hub' | 'worker';
  /** Its `suspectAfterMs` may be another at each step: a detector's. */
  readonly timing: BeatTiming;
}

export interface Step {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

export const idle: SessionState = { name: 'idle' };
