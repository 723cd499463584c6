/** Exponential backoff with full jitter: each wait is random between nothing and a bound that doubles up to `maxMs`. */
export class Backoff {
  #tries = 0;

  constructor(
    private readonly initialMs: number,
    private readonly maxMs: number,
    private readonly random: () => number,
  ) {}

  /** The next wait in milliseconds, at least `floorMs`. */
  next(floorMs = 0): number {
    const boundMs = Math.min(this.maxMs, this.initialMs * 2 ** Math.min(this.#tries, 30));
    this.#tries += 1;
    return floorMs + this.random() * boundMs;
  }

  reset(): void {
    this.#tries = 0;
  }
}
