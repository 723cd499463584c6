/**
 * What became of a message that was accepted: the first thing that settles it counts, and nothing after. One that
 * expires while it runs has expired, also if its handler is abandoned, or its session ends, before it is done.
 */
export type Fate = 'handled' | 'faulted' | 'expired' | 'cancelled' | 'lost';

/** Why a message was not accepted. */
export type Refused = 'unhandled' | 'overflow' | 'draining' | 'tooLarge' | 'cancelled';

/** How a call ended. */
export type Ending = 'done' | 'faulted' | 'expired' | 'cancelled' | 'lost' | 'undelivered';

/** What one process has received and sent, all sessions together: integers that are counted where it happens anyway. */
export class Tally {
  readonly received = {
    accepted: 0,
    running: 0,
    handled: 0,
    faulted: 0,
    expired: 0,
    cancelled: 0,
    lost: 0,
    abandoned: 0,
    repeated: 0,
  } satisfies Record<Fate, number> & Record<string, number>;
  readonly refused: Record<Refused, number> = {
    unhandled: 0,
    overflow: 0,
    draining: 0,
    tooLarge: 0,
    cancelled: 0,
  };
  readonly sent = {
    offered: 0,
    refused: 0,
    dropped: 0,
    queued: 0,
    published: 0,
    accepted: 0,
    done: 0,
    faulted: 0,
    expired: 0,
    cancelled: 0,
    lost: 0,
    undelivered: 0,
  } satisfies Record<Ending, number> & Record<string, number>;
  /** Frames of links that do not count any more. */
  fenced = 0;
}
