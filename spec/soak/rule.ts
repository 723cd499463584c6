// What is offered, and how: each verb under each of its overflow rules.
import { BusError, type Hub } from '../../lib/index.js';

/** What became of everything that was offered. */
export interface Sum {
  offered: number;
  /** Queued by a publish; accepted or answered by a call. */
  taken: number;
  /** Told as dropped by a publish: this message or an older one. */
  dropped: number;
  /** Rejected with `overflow`. */
  rejected: number;
  /** Anything else; there is none. */
  failed: number;
}

export interface Rule {
  readonly name: string;
  /** Offers one message; resolves when it has its end. */
  offer(hub: Hub, payload: Uint8Array, sum: Sum): Promise<void> | undefined;
  /** How many offer side by side, each waiting for the end before the next. None: what never waits is offered turn by turn. */
  readonly producers?: number;
  /** Whether each offer had one end, and what was handled is what was neither dropped nor rejected. */
  closes(sum: Sum, handled: number): boolean;
}

const to = 'w1';
const timeoutMs = Number.POSITIVE_INFINITY;

/** Places in the hub's outbox. Fewer than by default: what is alive at once makes the heap breathe, and that is not judged. */
export const outboxCapacity = 4_096;

/** More than there are places, so that some wait for room. */
const producers = 5_000;

const publish = (overflow: 'drop-newest' | 'drop-oldest'): Rule => ({
  name: `publish, ${overflow}`,
  offer(hub, payload, sum) {
    const { queued, dropped } = hub.publish(to, 'work', payload, { overflow });
    sum.taken += queued;
    sum.dropped += dropped;
    return undefined;
  },
  // A publish that was queued may be the oldest of a later one.
  closes: ({ offered, taken, dropped }, handled) =>
    handled === offered - dropped && (overflow === 'drop-oldest' || handled === taken),
});

const call = (verb: 'send' | 'request', overflow: 'wait' | 'reject'): Rule => ({
  name: `${verb}, ${overflow}`,
  ...(overflow === 'wait' ? { producers } : {}),
  offer: (hub, payload, sum) =>
    hub[verb](to, 'work', payload, { overflow, timeoutMs }).then(
      () => {
        sum.taken += 1;
      },
      (thrown: unknown) => {
        if (BusError.is(thrown, 'overflow')) sum.rejected += 1;
        else sum.failed += 1;
      },
    ),
  closes: ({ offered, taken, rejected, failed }, handled) =>
    failed === 0 && handled === taken && taken + rejected === offered,
});

export const rules: readonly Rule[] = [
  call('send', 'wait'),
  call('request', 'wait'),
  call('send', 'reject'),
  publish('drop-newest'),
  publish('drop-oldest'),
];
