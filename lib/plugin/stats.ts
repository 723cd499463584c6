/** What a hub or worker holds and has done, in numbers, for a gauge to show. A snapshot. */
export interface Stats {
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * How many peers stand at each grade; on a worker, its hub, once it has been welcomed. A hub keeps up to 1,000 lost
   * workers to be asked about.
   */
  readonly peers: Readonly<Record<'alive' | 'stalled' | 'suspect' | 'lost' | 'draining', number>>;
  /** The data lane: what waits for a handler and what runs, and its bounds. */
  readonly lane: {
    readonly queued: number;
    readonly queuedBytes: number;
    readonly running: number;
    /** Messages whose handler has ended, since the beginning. */
    readonly handled: number;
    readonly concurrency: number;
    readonly capacity: number;
    readonly capacityBytes: number;
  };
  /** All outboxes together. */
  readonly outbox: {
    /** Messages that have not left, and the bytes of their payloads. */
    readonly queued: number;
    readonly queuedBytes: number;
    /** Messages and outcomes that have left and are kept to be sent again, until the peer has acknowledged them. */
    readonly unacknowledged: number;
    /** Calls that have left and wait for their outcome. */
    readonly waiting: number;
    /** Outcomes that have not left or are not acknowledged. */
    readonly owed: number;
    /** The bytes of these, and of the items of streams with them. */
    readonly owedBytes: number;
  };
  /** Leave to send that has not been used, in messages and bytes, all sessions together. */
  readonly credit: {
    /** What the peers may still send to this side, whether they have heard of it or not. */
    readonly granted: { readonly messages: number; readonly bytes: number };
    /** What this side may still send to peers that grant credit. */
    readonly held: { readonly messages: number; readonly bytes: number };
  };
  /** Beats that came in, since the beginning. */
  readonly beats: {
    readonly received: number;
    /** By how much they came after their interval, in milliseconds, all together. */
    readonly lateMs: number;
    /** By how much the worst of the last half minute did, or of up to a minute. */
    readonly worstMs: number;
  };
}

/** What one session adds to the numbers of its hub or worker. */
export interface SessionGauge extends Pick<Stats, 'outbox' | 'credit'> {
  /** A grade; another one is not counted. */
  readonly liveness: string | undefined;
  /** Bytes that it has in the lane and that wait for a handler. */
  readonly queuedBytes: number;
}

/** Sums the numbers of a process: its lane, its beats and its sessions, at a time in milliseconds since 1970. */
export function statsOf(
  at: number,
  lane: Omit<Stats['lane'], 'queuedBytes'>,
  beats: Stats['beats'],
  sessions: Iterable<SessionGauge>,
): Stats {
  const peers = { alive: 0, stalled: 0, suspect: 0, lost: 0, draining: 0 };
  const outbox = { queued: 0, queuedBytes: 0, unacknowledged: 0, waiting: 0, owed: 0, owedBytes: 0 };
  const granted = { messages: 0, bytes: 0 };
  const held = { messages: 0, bytes: 0 };
  let queuedBytes = 0;
  for (const session of sessions) {
    const { liveness } = session;
    if (liveness !== undefined && Object.hasOwn(peers, liveness)) peers[liveness as keyof typeof peers] += 1;
    queuedBytes += session.queuedBytes;
    add(outbox, session.outbox);
    add(granted, session.credit.granted);
    add(held, session.credit.held);
  }
  return { at, peers, lane: { ...lane, queuedBytes }, outbox, credit: { granted, held }, beats };
}

function add<T extends Readonly<Record<string, number>>>(
  sum: { -readonly [K in keyof T]: number },
  more: T,
): void {
  for (const name in sum) sum[name] += more[name] as number;
}
