import { expect } from 'chai';
import { type Counted, type SessionGauge, statsOf } from '../../lib/plugin/stats.js';

const lane = { queued: 1, running: 2, handled: 3, concurrency: 4, capacity: 5, capacityBytes: 6 };
const beats = { received: 7, lateMs: 8, worstMs: 9, pulses: 10, worstDelayMs: 11, ignored: 12, refused: 13 };
const counted: Counted = {
  received: {
    accepted: 20,
    running: 21,
    handled: 22,
    faulted: 23,
    expired: 24,
    cancelled: 25,
    lost: 26,
    abandoned: 27,
    repeated: 28,
  },
  refused: { unhandled: 30, overflow: 31, draining: 32, tooLarge: 33, cancelled: 34 },
  sent: {
    offered: 40,
    refused: 41,
    dropped: 42,
    queued: 51,
    published: 43,
    accepted: 44,
    done: 45,
    faulted: 46,
    expired: 47,
    cancelled: 48,
    lost: 49,
    undelivered: 50,
  },
  fenced: 60,
};

/** A session whose numbers are all different, from `n` on. */
const gauge = (liveness: string | undefined, n: number): SessionGauge => ({
  liveness,
  queuedBytes: n,
  outbox: {
    queued: n + 1,
    queuedBytes: n + 2,
    unacknowledged: n + 3,
    waiting: n + 4,
    owed: n + 5,
    owedBytes: n + 6,
  },
  credit: {
    granted: { messages: n + 7, bytes: n + 8 },
    held: { messages: n + 9, bytes: n + 10 },
  },
});

const held = {
  memory: { usedBytes: 61, maxBytes: 62 },
  reassembly: { usedBytes: 63, capacityBytes: 64 },
};

describe('the stats of a process', () => {
  it('are sums over its sessions, each number in its place', () => {
    const gauges = [gauge('alive', 100), gauge('suspect', 1_000)];
    expect(statsOf(10, lane, beats, gauges, counted, held)).to.deep.equal({
      at: 10,
      peers: { alive: 1, stalled: 0, suspect: 1, lost: 0, draining: 0 },
      lane: { ...lane, queuedBytes: 1_100 },
      outbox: {
        queued: 1_102,
        queuedBytes: 1_104,
        unacknowledged: 1_106,
        waiting: 1_108,
        owed: 1_110,
        owedBytes: 1_112,
      },
      credit: {
        granted: { messages: 1_114, bytes: 1_116 },
        held: { messages: 1_118, bytes: 1_120 },
      },
      ...held,
      beats,
      delivery: {
        received: { ...counted.received, queued: lane.queued, refused: counted.refused },
        sent: { ...counted.sent, waiting: 1_108 },
        fenced: 60,
      },
    });
  });

  it('count the grades that there are, and no other word', () => {
    const grades = [
      'alive',
      'alive',
      'stalled',
      'suspect',
      'lost',
      'draining',
      'left',
      undefined,
      'toString',
    ];
    const { peers } = statsOf(
      0,
      lane,
      beats,
      grades.map((liveness) => gauge(liveness, 0)),
      counted,
      held,
    );
    expect(peers).to.deep.equal({ alive: 2, stalled: 1, suspect: 1, lost: 1, draining: 1 });
  });
});
