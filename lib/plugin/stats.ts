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
  /** All buffers of the process together, in bytes of payload: what they hold, and `memory.maxBytes`. */
  readonly memory: { readonly usedBytes: number; readonly maxBytes: number };
  /** Large payloads that arrive, wait or are being handled, as long as they are: part of `memory`. */
  readonly reassembly: { readonly usedBytes: number; readonly capacityBytes: number };
  /** Leave to send that has not been used, in messages and bytes, all sessions together. */
  readonly credit: {
    /** What the peers may still send to this side, whether they have heard of it or not. */
    readonly granted: { readonly messages: number; readonly bytes: number };
    /** What this side may still send to peers that grant credit. */
    readonly held: { readonly messages: number; readonly bytes: number };
  };
  /** Beats that came in, over links and pulses, since the beginning. While a worker has a pulse, its link is never late. */
  readonly beats: {
    readonly received: number;
    /** By how much they came after their interval, in milliseconds, all together. */
    readonly lateMs: number;
    /** By how much the worst of the last half minute did, or of up to a minute. */
    readonly worstMs: number;
    /** Pulses that are open: of workers whose beats come from a thread of their own. On a worker, 0, as all below. */
    readonly pulses: number;
    /** By how much the event loop of a worker was late at most, in the last half minute or up to a minute, as pulses tell. */
    readonly worstDelayMs: number;
    /** Beats over pulses that were left out: repeated, too many, or with values that cannot be. */
    readonly ignored: number;
    /** Pulses that were refused: without the secret of a session that lives, or for want of room. */
    readonly refused: number;
  };
  /** What became of every message, since the beginning, in all sessions; also in those that are over. */
  readonly delivery: {
    readonly received: ReceivedMessages;
    readonly sent: SentMessages;
    /**
     * Frames that came over a link that did not count any more (it was replaced, or its session was over) and changed
     * nothing.
     */
    readonly fenced: number;
  };
}

/**
 * Messages that came in. At any moment `accepted` = `queued` + `running` + `handled` + `faulted` + `expired` +
 * `cancelled` + `lost`, and what came in is `accepted` and all of `refused`. The first thing that settles a message
 * counts, as its handler ends: one that expires while it runs has expired, though its session may end before it does.
 */
export interface ReceivedMessages {
  /** Into the lane. */
  readonly accepted: number;
  /** Wait for a handler. */
  readonly queued: number;
  /** Hold a slot; what became of them is counted when they give it back. */
  readonly running: number;
  readonly handled: number;
  /** Answered with a fault: the handler's own, of what it was given or gave, or `draining` before it had started. */
  readonly faulted: number;
  /** The sender's deadline or the handler's `timeoutMs` passed, before it ran or while it did. */
  readonly expired: number;
  /** By the sender, before it ran or while it did. */
  readonly cancelled: number;
  /** The session ended while they were queued or ran. */
  readonly lost: number;
  /** Not accepted, by the reason. Each was told to its sender, but for what expects no answer (`publish`). */
  readonly refused: {
    readonly unhandled: number;
    /** Beyond the credit, or the number of unanswered messages, that was agreed. */
    readonly overflow: number;
    readonly draining: number;
    readonly tooLarge: number;
    /** The cancel had overtaken its message. */
    readonly cancelled: number;
  };
  /** Handlers that were abandoned: their messages are among those that expired, were cancelled or lost, or faulted. */
  readonly abandoned: number;
  /** Messages and outcomes that came again after a reconnect, and were left out. Not among those that came in. */
  readonly repeated: number;
}

/**
 * Messages to send: one for each receiver, and for each attempt through `any()`. At any moment `offered` = `refused` +
 * `dropped` + `published` + `queued` + `waiting` + `done` + `faulted` + `expired` + `cancelled` + `lost` + `undelivered`.
 */
export interface SentMessages {
  /** To an outbox. */
  readonly offered: number;
  /** Not taken, and the caller was told: `overflow`, `too-large`, `peer-lost` or `closed`. */
  readonly refused: number;
  /** Publishes that were dropped: for want of room, for a later one, or with their session. */
  readonly dropped: number;
  /** Publishes that have left. */
  readonly published: number;
  /** Nothing of them has left. */
  readonly queued: number;
  /** Calls that have left, and whose outcome has not come; accepted sends too. */
  readonly waiting: number;
  /** Calls that ended well; a `send` when it was handled, not when it was accepted. */
  readonly done: number;
  /** Calls that the peer answered with a fault, or that could not be written. */
  readonly faulted: number;
  /** Calls that ran out of time on this side. */
  readonly expired: number;
  /** Calls that were given up on this side. */
  readonly cancelled: number;
  /** Calls whose session ended: `peer-lost`, or `closed`. */
  readonly lost: number;
  /** Sends that the peer had accepted and that then failed there or died with it; each is an event of that name. */
  readonly undelivered: number;
  /** Sends that the peer has acknowledged, whatever became of them. Not part of the sum. */
  readonly accepted: number;
}

/** What is counted of messages, without what is read off the lane and the outboxes. */
export interface Counted {
  readonly received: Omit<ReceivedMessages, 'queued' | 'refused'>;
  readonly refused: ReceivedMessages['refused'];
  readonly sent: Omit<SentMessages, 'waiting'>;
  readonly fenced: number;
}

/** What one session adds to the numbers of its hub or worker. */
export interface SessionGauge extends Pick<Stats, 'outbox' | 'credit'> {
  /** A grade; another one is not counted. */
  readonly liveness: string | undefined;
  /** Bytes that it has in the lane and that wait for a handler. */
  readonly queuedBytes: number;
}

/** Sums the numbers of a process: its lane, its beats, its sessions and its messages, at a time in milliseconds since 1970. */
export function statsOf(
  at: number,
  lane: Omit<Stats['lane'], 'queuedBytes'>,
  beats: Stats['beats'],
  sessions: Iterable<SessionGauge>,
  { received, refused, sent, fenced }: Counted,
  { memory, reassembly }: Pick<Stats, 'memory' | 'reassembly'>,
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
  const { waiting } = outbox;
  const delivery = {
    received: { ...received, queued: lane.queued, refused: { ...refused } },
    sent: { ...sent, waiting },
    fenced,
  };
  const credit = { granted, held };
  return { at, peers, lane: { ...lane, queuedBytes }, outbox, memory, reassembly, credit, beats, delivery };
}

function add<T extends Readonly<Record<string, number>>>(
  sum: { -readonly [K in keyof T]: number },
  more: T,
): void {
  for (const name in sum) sum[name] += more[name] as number;
}
