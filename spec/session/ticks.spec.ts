import { expect } from 'chai';
import { encodeBatch } from '../../lib/frame/codec.js';
import type { Hello } from '../../lib/frame/frame.js';
import { createHub } from '../../lib/index.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import type { Clock } from '../../lib/time/clock.js';
import { memoryNetwork } from '../../lib/transport/memory/memory-network.js';

const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

describe('Ticks of a clock whose timers come a little early', () => {
  it('do not add up: who says nothing is suspect when its time is over, not an interval later', async () => {
    const clock = virtualClock();
    const hasty: Clock = {
      now: () => clock.now(),
      date: () => clock.date(),
      after: (ms, task) => clock.after(ms > 10 ? ms - 0.9 : ms, task),
      soon: (task) => clock.soon(task),
      atTurnEnd: (task) => clock.atTurnEnd(task),
      schedule: (work, delay, state) => clock.schedule(work, delay, state),
    };
    const network = memoryNetwork({ clock });
    const hub = createHub({
      listen: { address: 'hub', transport: network.transport('hub') },
      clock: hasty,
      log,
    });
    const started = hub.start();
    await clock.settle();
    await started;
    const from = clock.now();
    const told: string[] = [];
    hub.events$.subscribe(
      ({ kind, worker }) => void told.push(`${kind} ${worker} ${Math.round((clock.now() - from) / 1000)} s`),
    );
    const link = network.transport('w1').dial({ address: 'hub', maxBatchBytes: 1e6 }, 'attach');
    link.batches$.subscribe();
    const hello: Hello = {
      kind: 'hello',
      protocolMin: 1,
      protocolMax: 1,
      worker: 'w1',
      incarnation: 'i',
      labels: {},
      handles: [],
      features: ['credit', 'resume'],
      requires: [],
      credit: { messages: 9, bytes: 999 },
      extra: {},
    };
    link.write(encodeBatch([hello]), ignore);
    await clock.advance(12_000);
    expect(told.filter((line) => /suspect|lost/.test(line))).to.deep.equal([
      'suspect w1 3 s',
      'lost w1 10 s',
    ]);
    const closed = hub.close();
    await clock.advance(10_000);
    await closed;
  });
});
