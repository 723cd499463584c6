/** How long the worst is remembered: at least so many milliseconds, at most twice as many. */
const rememberedMs = 30_000;

/** The beats that came in to one process, how late they were, and what they told of event loops. */
export class Beats {
  readonly #late = new Worst();
  readonly #delay = new Worst();
  #received = 0;
  #lateMs = 0;
  #ignored = 0;
  #refused = 0;

  /** One more, at `at` on the clock's `now`. */
  add(lateMs: number, at: number): void {
    this.#received += 1;
    this.#lateMs += lateMs;
    this.#late.add(lateMs, at);
  }

  /** A peer's event loop was late by so much. */
  delay(ms: number, at: number): void {
    this.#delay.add(ms, at);
  }

  /** A beat over a pulse was left out. */
  ignore(): void {
    this.#ignored += 1;
  }

  /** A pulse was refused. */
  refuse(): void {
    this.#refused += 1;
  }

  /** `pulses`: how many are open. */
  gauge(at: number, pulses = 0) {
    return {
      received: this.#received,
      lateMs: this.#lateMs,
      worstMs: this.#late.at(at),
      pulses,
      worstDelayMs: this.#delay.at(at),
      ignored: this.#ignored,
      refused: this.#refused,
    };
  }
}

/** The highest of the last while, in two spans in turn: none of them needs to be kept. */
class Worst {
  #now = 0;
  #before = 0;
  #since = 0;

  add(value: number, at: number): void {
    this.#turn(at);
    this.#now = Math.max(this.#now, value);
  }

  at(at: number): number {
    this.#turn(at);
    return Math.max(this.#now, this.#before);
  }

  #turn(at: number): void {
    const passedMs = at - this.#since;
    if (passedMs < rememberedMs) return;
    this.#before = passedMs < 2 * rememberedMs ? this.#now : 0;
    this.#now = 0;
    this.#since = passedMs < 2 * rememberedMs ? this.#since + rememberedMs : at;
  }
}
