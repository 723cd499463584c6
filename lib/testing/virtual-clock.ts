import { type SchedulerAction, Subscription } from 'rxjs';
import { type Cancel, type Clock, systemClock } from '../time/clock.js';
import { Timeline } from './timeline.js';

/** A clock that moves only when it is told to. */
export interface VirtualClock extends Clock {
  /** Tasks that wait for their time, `soon` tasks included. */
  readonly pending: number;
  /**
   * Moves on by `ms` milliseconds and runs every task that falls due, in order of time and then of insertion; promise
   * chains settle after each one. Rejects with the error of a task that throws: the time then stands at that task.
   */
  advance(ms: number): Promise<void>;
  /** Runs what is due now, and what that makes due now, without moving the time. */
  settle(): Promise<void>;
}

/** Where a virtual clock begins. */
export interface VirtualClockOptions {
  /** First value of `now()` in milliseconds; 0 by default. */
  readonly startMs?: number;
  /** First value of `date()` in milliseconds since 1970; 2020-01-01 by default. */
  readonly dateMs?: number;
}

const firstOf2020 = 1_577_836_800_000;

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/** The action behind `schedule`: unsubscribing cancels it, and `this.schedule` inside the work plans it again. */
class ClockAction<T> extends Subscription implements SchedulerAction<T> {
  #cancel: Cancel | undefined;
  readonly #after: Clock['after'];
  readonly #work: Work<T>;

  constructor(after: Clock['after'], work: Work<T>) {
    super(() => this.#cancel?.());
    this.#after = after;
    this.#work = work;
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    this.#cancel?.();
    this.#cancel = this.#after(delay, () => this.#work.call(this, state));
    return this;
  }
}

/** Makes a clock for tests. Several `advance` and `settle` calls at once run one after the other. */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const timeline = new Timeline();
  const { startMs = 0, dateMs = firstOf2020 } = options;
  let time = startMs;
  let running: Promise<void> = Promise.resolve();

  const after: Clock['after'] = (ms, task) => {
    if (ms === Number.POSITIVE_INFINITY) return () => {};
    const entry = timeline.add(time + (ms > 0 ? ms : 0), task);
    return () => timeline.drop(entry);
  };
  // One turn of the real event loop: every promise chain runs to its end before it.
  const drain = () => new Promise<void>(systemClock.soon);
  const runBy = (ms: number) => {
    const run = async () => {
      await drain();
      const end = time + ms;
      for (let entry = timeline.take(end); entry !== undefined; entry = timeline.take(end)) {
        time = Math.max(time, entry.at);
        entry.run();
        await drain();
      }
      time = end;
    };
    const result = running.then(run);
    running = result.catch(() => {});
    return result;
  };

  return {
    now: () => time,
    date: () => dateMs + (time - startMs),
    after,
    soon: (task) => void timeline.add(time, task),
    atTurnEnd: systemClock.atTurnEnd,
    schedule: <T>(work: Work<T>, delay?: number, state?: T) =>
      new ClockAction(after, work).schedule(state as T, delay),
    get pending() {
      return timeline.size;
    },
    advance: (ms) => runBy(ms > 0 ? ms : 0),
    settle: () => runBy(0),
  };
}
