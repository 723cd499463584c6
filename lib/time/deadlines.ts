import type { Cancel, Clock } from './clock.js';

/** Two clocks that count the same time from two ends agree to that. */
const grainMs = 2;

/** Something that has a deadline. It stands in one line at a time, and carries its own place there. */
export abstract class Deadline {
  /** On the clock's `now`. */
  at = 0;
  line: Line | undefined;
  before: Deadline | undefined;
  after: Deadline | undefined;

  /** Its time is over. It stands in no line any more. */
  abstract expired(): void;
}

/**
 * Thousands of deadlines on a few timers: those that are equally far away come in the order in which they were set, so one
 * timer for the first is enough. Setting and taking back are O(1) and allocate nothing.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lines = new Map<number, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Expires at that time on the clock's `now`, to the millisecond: up to one too early, as timers do. `Infinity` never
   * does. To be taken back at the end.
   */
  set(deadline: Deadline, at: number): void {
    if (at === Number.POSITIVE_INFINITY) return;
    const ms = Math.max(0, at - this.#clock.now());
    deadline.at = at;
    // Rounded: some of the time has always passed, and each remainder would make a line of its own.
    const length = Math.ceil(ms);
    let line = this.#lines.get(length);
    if (line === undefined) {
      line = new Line(this.#clock, () => this.#lines.delete(length));
      this.#lines.set(length, line);
    }
    line.add(deadline, ms);
  }

  /** Whether it is time, though it may not have been told yet. */
  isDue(deadline: Deadline): boolean {
    return deadline.line !== undefined && deadline.at - this.#clock.now() < grainMs;
  }

  takeBack(deadline: Deadline): void {
    deadline.line?.remove(deadline);
  }
}

/** Deadlines that are equally far away, the nearest first. */
class Line {
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #cancel: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    /** Nothing stands in it. */
    private readonly empty: () => void,
  ) {}

  add(deadline: Deadline, ms: number): void {
    deadline.line = this;
    deadline.before = this.#last;
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.after = deadline;
    this.#last = deadline;
    if (this.#first === deadline) this.#arm(ms);
  }

  remove(deadline: Deadline): void {
    const { before, after } = deadline;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    deadline.line = deadline.before = deadline.after = undefined;
    if (this.#first !== undefined) return;
    this.#cancel();
    this.empty();
  }

  /** For the one that was first; when that has been taken back, the timer finds the next one. */
  #arm(ms: number): void {
    this.#cancel = this.clock.after(ms, () => {
      try {
        this.#expire();
      } finally {
        // One that throws takes nobody else's time away.
        if (this.#first !== undefined) this.#arm(Math.max(0, this.#first.at - this.clock.now()));
      }
    });
  }

  /**
   * Those whose time was over as it began, and no other: what is set again meanwhile may be due before the last of
   * thousands has had its turn, and then nothing else of this process would have one.
   */
  #expire(): void {
    const now = this.clock.now();
    for (let first = this.#first; first !== undefined; first = this.#first) {
      if (first.at - now >= 1) return;
      this.remove(first);
      first.expired();
    }
  }
}
