import { Observable, type Subscription, takeWhile } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { Clock } from '../time/clock.js';
import type { Ahead, Demand } from './demand.js';
import type { Flow, Sink } from './flow.js';
import type { Subscribable } from './registration.js';
import { weightOf } from './weight.js';

/** Items that wait for room; an observable cannot be asked to wait itself. */
const maxBuffered = 1024;

interface Waiting {
  readonly item: unknown;
  readonly bytes: number;
}

/** Buffers what an observable emits until the consumer has room, up to a bound. */
export class ObservableFlow implements Flow {
  private readonly buffer: Waiting[] = [];
  private ahead: Ahead | undefined;
  private stopped = false;
  private ending: (() => void) | undefined;
  private subscription: Subscription | undefined;
  private deliver = () => {};

  constructor(private readonly source: Subscribable<unknown>) {}

  start(demand: Demand, _clock: Clock, sink: Sink): void {
    this.deliver = () => this.drain(demand, sink);
    this.ahead = demand.ahead;
    // takeWhile ends a source that emits all at once, before there is a subscription to end.
    this.subscription = new Observable<unknown>((subscriber) => this.source.subscribe(subscriber))
      .pipe(takeWhile(() => !this.stopped))
      .subscribe({
        next: (item) => this.take(item, demand, sink),
        error: (thrown) => this.finish(() => sink.fail(thrown)),
        complete: () => this.finish(() => sink.end()),
      });
    if (this.stopped) this.subscription.unsubscribe();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const { bytes } of this.buffer.splice(0)) this.ahead?.give(bytes);
    this.subscription?.unsubscribe();
  }

  private take(item: unknown, demand: Demand, sink: Sink): void {
    if (this.buffer.length === 0 && demand.available > 0) {
      demand.take();
      return sink.item(item);
    }
    const bytes = weightOf(item);
    if (this.buffer.length === maxBuffered) return sink.stop(tooFarAhead(`${maxBuffered} items`));
    if (!demand.ahead.take(bytes))
      return sink.stop(
        tooFarAhead('the memory of this process has room for', { bound: 'memory.maxBytes', bytes }),
      );
    this.buffer.push({ item, bytes });
    this.deliver();
  }

  private finish(ending: () => void): void {
    this.ending = ending;
    this.deliver();
  }

  private drain(demand: Demand, sink: Sink): void {
    while (this.buffer.length > 0 && demand.available > 0) {
      const { item, bytes } = this.buffer.shift() as Waiting;
      demand.take();
      demand.ahead.give(bytes);
      sink.item(item);
    }
    if (this.stopped) return;
    if (this.buffer.length > 0) {
      demand.whenRaised(this.deliver);
    } else if (this.ending !== undefined) {
      this.stopped = true;
      this.ending();
    }
  }
}

const tooFarAhead = (what: string, details: Readonly<Record<string, unknown>> = {}) =>
  new BusError(
    'overflow',
    `the stream is more than ${what} ahead of its consumer: stream an async iterable, which waits`,
    { details },
  );
