import { BusError } from 'drumline/plugin';
import type { Metric, Registry } from 'prom-client';
import { type Cell, type Labels, type Sample, Spread, Tally } from './cell.js';

/** Where metrics go, and what all of them have in common. */
export interface Home {
  readonly registry: Registry;
  readonly prefix: string;
  /** Upper bounds of every histogram, in seconds. */
  readonly buckets: readonly number[];
  /** Known only once the plugin has started. */
  constant: Labels;
}

/**
 * A metric with its series, as a registry of prom-client asks for it. Its own counters build a key from the labels at
 * each call, which costs several times what a message costs here: this hands out its cells.
 */
class Family<C extends Cell> {
  readonly name: string;
  readonly aggregator = 'sum';
  /** Runs at each scrape, before the cells are read. */
  refresh = () => {};
  readonly #cells = new Map<string, C>();

  constructor(
    private readonly home: Home,
    readonly type: 'counter' | 'gauge' | 'histogram',
    name: string,
    readonly help: string,
    readonly labelNames: readonly string[],
    private readonly make: (labels: Labels) => C,
  ) {
    this.name = `${home.prefix}${name}`;
    if (home.registry.getSingleMetric(this.name) !== undefined)
      throw new BusError(
        'invalid-option',
        `the registry has a metric '${this.name}' already: give each metrics() a registry or a prefix of its own`,
      );
    // The registry uses the name, get() and reset(); its type names classes that do more.
    home.registry.registerMetric(this as unknown as Metric);
  }

  /** The series with these values of the labels, in the order of their names. */
  of(...values: readonly string[]): C {
    const key = values.join('\n');
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = this.make(Object.fromEntries(this.labelNames.map((name, at) => [name, values[at] ?? ''])));
      this.#cells.set(key, cell);
    }
    return cell;
  }

  async get() {
    this.refresh();
    const { name, help, type, aggregator, home } = this;
    const samples = [...this.#cells.values()].flatMap((cell) => cell.samples(name));
    const values = samples.map(
      (sample): Sample => ({ ...sample, labels: { ...home.constant, ...sample.labels } }),
    );
    return { name, help, type, aggregator, values };
  }

  reset(): void {
    for (const cell of this.#cells.values()) cell.reset();
  }

  /** No series any more: nothing is known. */
  clear(): void {
    this.#cells.clear();
  }
}

const tally = (labels: Labels) => new Tally(labels);

/** A metric whose series are numbers. */
export type Numbers = Family<Tally>;

/** A metric whose series are histograms. */
export type Spreads = Family<Spread>;

export const counter = (home: Home, name: string, help: string, ...labelNames: string[]): Numbers =>
  new Family(home, 'counter', name, help, labelNames, tally);

export const gauge = (home: Home, name: string, help: string, ...labelNames: string[]): Numbers =>
  new Family(home, 'gauge', name, help, labelNames, tally);

export const histogram = (home: Home, name: string, help: string, ...labelNames: string[]): Spreads =>
  new Family(home, 'histogram', name, help, labelNames, (labels) => new Spread(labels, home.buckets));
