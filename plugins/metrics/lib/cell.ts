/** Labels and their values. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a metric, without its constant labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own name. */
  readonly metricName?: string;
}

/** One series of a metric, or the few that make up a histogram. */
export interface Cell {
  samples(name: string): Sample[];
  reset(): void;
}

/** A number. Whoever counts holds on to it: adding to it is all that happens per message. */
export class Tally implements Cell {
  value = 0;

  constructor(private readonly labels: Labels) {}

  samples(): Sample[] {
    return [{ labels: this.labels, value: this.value }];
  }

  reset(): void {
    this.value = 0;
  }
}

/** How values are spread over buckets; `bounds` are inclusive and ascend. */
export class Spread implements Cell {
  #sum = 0;
  /** One more than there are bounds: the last is for what lies beyond. */
  readonly #counts: number[];

  constructor(
    private readonly labels: Labels,
    private readonly bounds: readonly number[],
  ) {
    this.#counts = [...bounds, 0].fill(0);
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    (this.#counts[at] as number) += 1;
    this.#sum += value;
  }

  samples(name: string): Sample[] {
    let count = 0;
    const buckets = this.#counts.map((here, at) => {
      count += here;
      const labels = { ...this.labels, le: this.bounds[at] ?? '+Inf' };
      return { metricName: `${name}_bucket`, labels, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.labels, value: count },
    ];
  }

  reset(): void {
    this.#sum = 0;
    this.#counts.fill(0);
  }
}
