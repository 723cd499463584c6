/** How long the worst beat is remembered: at least so many milliseconds, at most twice as many. */
const rememberedMs = 30_000;

/** The beats that came in to one process, and how late they were. */
export class Beats {
  #received = 0;
  #lateMs = 0;
  #worstMs = 0;
  #worstBefore = 0;
  #since = 0;

  /** One more, at `at` on the clock's `now`. */
  add(lateMs: number, at: number): void {
    this.#turn(at);
    this.#received += 1;
    this.#lateMs += lateMs;
    this.#worstMs = Math.max(this.#worstMs, lateMs);
  }

  gauge(at: number): { readonly received: number; readonly lateMs: number; readonly worstMs: number } {
    this.#turn(at);
    return {
      received: this.#received,
      lateMs: this.#lateMs,
      worstMs: Math.max(this.#worstMs, this.#worstBefore),
    };
  }

  /** Two spans in turn: no beat needs to be kept. */
  #turn(at: number): void {
    const passedMs = at - this.#since;
    if (passedMs < rememberedMs) return;
    this.#worstBefore = passedMs < 2 * rememberedMs ? this.#worstMs : 0;
    this.#worstMs = 0;
    this.#since = passedMs < 2 * rememberedMs ? this.#since + rememberedMs : at;
  }
}
