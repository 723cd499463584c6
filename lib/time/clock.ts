import { AsyncResource } from 'node:async_hooks';
import { asyncScheduler, type SchedulerAction, type SchedulerLike, type Subscription } from 'rxjs';

/** Ends a pending timer. Calling it again, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * The one clock. Everything that waits or asks for the time gets it from here, so that a test can run on virtual
 * time. It is an RxJS scheduler too, for operators that take one.
 */
export interface Clock extends SchedulerLike {
  /** Milliseconds on a clock that never jumps; its zero means nothing. */
  now(): number;
  /** Milliseconds since 1970, for people to read; may jump. */
  date(): number;
  /** Calls `task` once after `ms` milliseconds. `Infinity` never fires; more than 24.8 days is cut to that. */
  after(ms: number, task: () => void): Cancel;
  /** Calls `task` in a later turn of the event loop, after input that is already there has been read. */
  soon(task: () => void): void;
  /** Calls `task` at the end of this turn: after the code that runs now, before any input or timer. */
  atTurnEnd(task: () => void): void;
  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription;
}

const longestTimeout = 2 ** 31 - 1;
const never: Cancel = () => {};

/** What this turn ends with, in the order in which it was asked for. */
let endings: (() => void)[] = [];

/**
 * All that is asked for while it runs included. What one throws is reported as of a task of its own, and costs the others
 * nothing. They run in no `AsyncLocalStorage` of whoever asked first: they are of many.
 */
const endTurn = AsyncResource.bind((): void => {
  for (let next = 0; next < endings.length; next += 1) {
    try {
      (endings[next] as () => void)();
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }
  endings = [];
});

/** The clock of this process: monotonic `performance.now`, Node.js timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, task) {
    if (ms === Number.POSITIVE_INFINITY) return never;
    const timer = setTimeout(task, Math.min(Math.max(ms, 0), longestTimeout));
    return () => clearTimeout(timer);
  },
  soon: (task) => void setImmediate(task),
  // One microtask for all of a turn: it costs more than most of the tasks, and a broadcast has a thousand.
  atTurnEnd(task) {
    if (endings.push(task) === 1) queueMicrotask(endTurn);
  },
  schedule: (work, delay, state) => asyncScheduler.schedule(work, delay, state),
};

/** Milliseconds since 1970 as people read them, in UTC. */
export const timestamp = (ms: number): string => new Date(ms).toISOString();
