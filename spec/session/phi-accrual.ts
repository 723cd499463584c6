import type { Detector, MakeDetector, Silence } from '../../lib/time/detector.js';

/** How sure the detector is to be, and what it learns from. */
export interface PhiOptions {
  /** The peer is suspect once a beat so late has a chance of 10^-threshold; default 8. */
  readonly threshold?: number;
  /** How many of the last gaps between beats count; default 100. */
  readonly window?: number;
  /** Until so many gaps are known the fixed deadline holds; default 5. */
  readonly least?: number;
  /** Least deviation in milliseconds, or a peer that was never late would be suspect at once; default interval / 4. */
  readonly leastDeviationMs?: number;
}

/**
 * The phi accrual failure detector (Hayashibara, Défago, Yared and Katayama, 2004): takes the gaps between beats as
 * normally distributed, learns their mean and variance, and suspects a peer whose beat is later than is credible.
 */
export const phiAccrual =
  (options: PhiOptions = {}): MakeDetector =>
  (timing) =>
    new PhiAccrual(timing, options);

class PhiAccrual implements Detector {
  readonly #gaps: number[] = [];
  #last: number | undefined;
  #sum = 0;
  #squares = 0;
  #next = 0;

  constructor(
    private readonly timing: Silence,
    private readonly options: PhiOptions,
  ) {}

  heard(at: number): void {
    if (this.#last !== undefined) this.#learn(at - this.#last);
    this.#last = at;
  }

  suspectAfterMs(): number {
    const { threshold = 8, least = 5, leastDeviationMs = this.timing.intervalMs / 4 } = this.options;
    const count = this.#gaps.length;
    if (count < least) return this.timing.suspectAfterMs;
    const mean = this.#sum / count;
    const deviation = Math.sqrt(Math.max(0, this.#squares / count - mean * mean));
    return mean + deviationsAt(threshold) * Math.max(deviation, leastDeviationMs);
  }

  /** The oldest gap makes room for the newest. */
  #learn(gap: number): void {
    const { window = 100 } = this.options;
    const oldest = this.#gaps[this.#next] ?? 0;
    this.#gaps[this.#next] = gap;
    this.#next = (this.#next + 1) % window;
    this.#sum += gap - oldest;
    this.#squares += gap * gap - oldest * oldest;
  }
}

/** How many deviations above the mean a normal variable is with a chance of 10^-threshold. */
function deviationsAt(threshold: number): number {
  const wanted = -threshold * Math.LN10;
  let low = 0;
  let high = 40;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (logTail(middle) > wanted) low = middle;
    else high = middle;
  }
  return high;
}

/** ln P(Z > z) by the continued fraction of the tail: the density over z + 1/(z + 2/(z + 3/(z + ...))). */
function logTail(z: number): number {
  let fraction = z;
  for (let term = 200; term > 0; term -= 1) fraction = z + term / fraction;
  return -(z * z) / 2 - Math.log(Math.sqrt(2 * Math.PI)) - Math.log(fraction);
}
