import { Observable, type Subscription, takeWhile } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { Clock } from '../time/clock.js';
import type { Demand } from './demand.js';
import type { Flow, Sink } from './flow.js';
import type { Subscribable } from './registration.js';

/** Items that wait for room; an observable cannot be asked to wait itself. */
const maxBuffered = 1024;

/** Buffers what an observable emits until the consumer has room, up to a bound. */
export class ObservableFlow implements Flow {
  private readonly buffer: unknown[] = [];
  private stopped = false;
  private ending: (() => void) | undefined;
  private subscription: Subscription | undefined;
  private deliver = () => {};

  constructor(private readonly source: Subscribable<unknown>) {}

  start(demand: Demand, _clock: Clock, sink: Sink): void {
    this.deliver = () => this.drain(demand, sink);
    // takeWhile ends a source that emits all at once, before there is a subscription to end.
    this.subscription = new Observable<unknown>((subscriber) => this.source.subscribe(subscriber))
      .pipe(takeWhile(() => !this.stopped))
      .subscribe({
        next: (item) => this.take(item, sink),
        error: (thrown) => this.finish(() => sink.fail(thrown)),
        complete: () => this.finish(() => sink.end()),
      });
    if (this.stopped) this.subscription.unsubscribe();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.buffer.length = 0;
    this.subscription?.unsubscribe();
  }

  private take(item: unknown, sink: Sink): void {
    this.buffer.push(item);
    this.deliver();
    if (this.buffer.length <= maxBuffered) return;
    const text = `the stream is more than ${maxBuffered} items ahead of its consumer: stream an async iterable, which waits`;
    sink.stop(new BusError('overflow', text));
  }

  private finish(ending: () => void): void {
    this.ending = ending;
    this.deliver();
  }

  private drain(demand: Demand, sink: Sink): void {
    while (this.buffer.length > 0 && demand.available > 0) {
      demand.take();
      sink.item(this.buffer.shift());
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
