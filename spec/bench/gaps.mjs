const n = (/** @type {number} */ part, /** @type {number} */ count) =>
  Math.min(count - 1, Math.floor(part * count));

/** Percentiles of a list of numbers, by name: `{ p50: 0.5 }` gives `{ p50: ... }`. */
export function percentiles(/** @type {number[]} */ values, /** @type {Record<string, number>} */ parts) {
  const sorted = Float64Array.from(values).sort();
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, sorted[n(part, sorted.length)]]),
  );
}

/** How late beats are: by how much the time between two of one peer is longer than the interval. */
export class Gaps {
  #lateMs = [];
  #open = false;

  constructor(/** @type {() => number} */ now, /** @type {number} */ intervalMs) {
    this.now = now;
    this.intervalMs = intervalMs;
  }

  /** For one more peer: a function to call at each of its beats. */
  peer() {
    let last;
    return () => {
      const at = this.now();
      if (this.#open && last !== undefined) this.#lateMs.push(Math.max(0, at - last - this.intervalMs));
      last = at;
    };
  }

  /** Begins anew. */
  start() {
    this.#lateMs = [];
    this.#open = true;
  }

  /** What was heard since `start`. */
  stop() {
    this.#open = false;
    return this.#lateMs;
  }
}
