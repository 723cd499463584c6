import type { Stats } from 'drumline/plugin';
import { counter, gauge, type Home, type Numbers } from './family.js';

/** Shows what the hub or worker holds at the moment of a scrape. */
export class Standing {
  /** Where the numbers come from; nothing is shown while there is no source. */
  source: (() => Stats) | undefined;
  #now: Stats | undefined;

  constructor(home: Home) {
    const peers = gauge(home, 'peers', 'Peers by grade; on a worker, its hub.', 'grade');
    peers.refresh = () => {
      peers.clear();
      for (const [grade, count] of Object.entries(this.#stats()?.peers ?? {})) peers.of(grade).value = count;
    };
    for (const [name, help, read] of gauges) this.#read(gauge(home, name, help), read);
    for (const [name, help, read] of totals) this.#read(counter(home, name, help), read);
  }

  #read(metric: Numbers, read: (stats: Stats) => number): void {
    metric.refresh = () => {
      const stats = this.#stats();
      if (stats === undefined) metric.clear();
      else metric.of().value = read(stats);
    };
  }

  /** All metrics of one scrape show the same moment: a registry asks for them in one turn. */
  #stats(): Stats | undefined {
    if (this.#now === undefined) {
      this.#now = this.source?.();
      queueMicrotask(() => {
        this.#now = undefined;
      });
    }
    return this.#now;
  }
}

type Row = readonly [name: string, help: string, read: (stats: Stats) => number];

const gauges: readonly Row[] = [
  ['lane_queued', 'Messages that wait for a handler.', ({ lane }) => lane.queued],
  ['lane_queued_bytes', 'Bytes of messages that wait for a handler.', ({ lane }) => lane.queuedBytes],
  ['lane_running', 'Slots of the lane that running handlers take.', ({ lane }) => lane.running],
  ['lane_concurrency', 'Slots of the lane.', ({ lane }) => lane.concurrency],
  ['lane_capacity', 'Messages that may wait for a handler.', ({ lane }) => lane.capacity],
  ['lane_capacity_bytes', 'Bytes that may wait for a handler.', ({ lane }) => lane.capacityBytes],
  ['outbox_queued', 'Messages that have not left.', ({ outbox }) => outbox.queued],
  ['outbox_queued_bytes', 'Bytes of messages that have not left.', ({ outbox }) => outbox.queuedBytes],
  [
    'outbox_unacknowledged',
    'Messages and outcomes that have left and that no peer has acknowledged.',
    ({ outbox }) => outbox.unacknowledged,
  ],
  ['outbox_owed', 'Outcomes that have not left or are not acknowledged.', ({ outbox }) => outbox.owed],
  [
    'outbox_owed_bytes',
    'Bytes of outcomes and items of streams that have not left or are not acknowledged.',
    ({ outbox }) => outbox.owedBytes,
  ],
  ['memory_used_bytes', 'Bytes of payload in all buffers together.', ({ memory }) => memory.usedBytes],
  ['memory_max_bytes', 'Bytes of payload that all buffers may hold.', ({ memory }) => memory.maxBytes],
  [
    'reassembly_used_bytes',
    'Bytes reserved for large payloads that arrive, wait or are being handled.',
    ({ reassembly }) => reassembly.usedBytes,
  ],
  [
    'reassembly_capacity_bytes',
    'Bytes that may be reserved for large payloads.',
    ({ reassembly }) => reassembly.capacityBytes,
  ],
  ['calls_waiting', 'Calls that have left and wait for their outcome.', ({ outbox }) => outbox.waiting],
  [
    'credit_granted_messages',
    'Messages that peers may still send to this side.',
    ({ credit }) => credit.granted.messages,
  ],
  [
    'credit_granted_bytes',
    'Bytes that peers may still send to this side.',
    ({ credit }) => credit.granted.bytes,
  ],
  [
    'credit_held_messages',
    'Messages that this side may still send to peers.',
    ({ credit }) => credit.held.messages,
  ],
  ['credit_held_bytes', 'Bytes that this side may still send to peers.', ({ credit }) => credit.held.bytes],
  [
    'beats_worst_late_seconds',
    'By how much the latest beat of the last half minute was late.',
    ({ beats }) => beats.worstMs / 1000,
  ],
  [
    'loop_worst_delay_seconds',
    'By how much the latest event loop of a worker was late in the last half minute, as pulses tell.',
    ({ beats }) => beats.worstDelayMs / 1000,
  ],
  ['pulses_open', 'Workers whose beats come from a thread of their own.', ({ beats }) => beats.pulses],
];

const totals: readonly Row[] = [
  ['lane_handled_total', 'Messages whose handler has ended.', ({ lane }) => lane.handled],
  ['beats_received_total', 'Beats that came in.', ({ beats }) => beats.received],
  ['pulse_beats_ignored_total', 'Beats over pulses that were left out.', ({ beats }) => beats.ignored],
  ['pulses_refused_total', 'Pulses that were refused.', ({ beats }) => beats.refused],
  [
    'beats_late_seconds_total',
    'By how much beats were late, all together.',
    ({ beats }) => beats.lateMs / 1000,
  ],
];
