import type { Clock } from '../time/clock.js';
import type { Demand } from './demand.js';
import type { Flow, Sink } from './flow.js';

/** After so many items other work of the process gets its turn: a generator that never waits would keep it all. */
const quantum = 64;

/** Advances an iterator only while the consumer has room. */
export class IteratorFlow implements Flow {
  private stopped = false;
  private pumping: Promise<void> | undefined;
  private wake = () => {};

  constructor(private readonly iterator: AsyncIterator<unknown>) {}

  start(demand: Demand, clock: Clock, sink: Sink): void {
    this.pumping = this.pump(demand, clock, sink);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    try {
      await this.iterator.return?.();
    } finally {
      await this.pumping;
    }
  }

  private async pump(demand: Demand, clock: Clock, sink: Sink): Promise<void> {
    try {
      for (let count = 1; !this.stopped; count++) {
        while (demand.available <= 0 && !this.stopped) await this.woken((wake) => demand.whenRaised(wake));
        if (this.stopped) return;
        const step = await this.iterator.next();
        if (this.stopped) return;
        if (step.done) return sink.end();
        demand.take();
        sink.item(step.value);
        if (count % quantum === 0) await this.woken((wake) => clock.soon(wake));
      }
    } catch (thrown) {
      if (!this.stopped) sink.fail(thrown);
    }
  }

  private woken(by: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      by(resolve);
    });
  }
}
