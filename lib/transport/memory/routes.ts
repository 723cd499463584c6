import type { Route } from './wire.js';

/** How long the way takes: milliseconds, or a function that is asked for every batch and is given random numbers in [0, 1). */
export type Latency = number | ((random: () => number) => number);

/** What lies between the hosts of a memory network: latencies and partitions. */
export class Routes {
  #usual: Latency;
  readonly #random: () => number;
  readonly #special = new Map<string, Latency>();
  #partitions: (readonly [ReadonlySet<string>, ReadonlySet<string>])[] = [];

  constructor(usual: Latency, random: () => number) {
    this.#usual = usual;
    this.#random = random;
  }

  setUsual(latency: Latency): void {
    this.#usual = latency;
    this.#special.clear();
  }

  set(from: string, to: string, latency: Latency): void {
    this.#special.set(JSON.stringify([from, to]), latency);
  }

  partition(some: Iterable<string>, others: Iterable<string>): void {
    this.#partitions.push([new Set(some), new Set(others)]);
  }

  heal(): void {
    this.#partitions = [];
  }

  /** The way from one host to another, as it is whenever it is asked. */
  route(from: string, to: string): Route {
    const key = JSON.stringify([from, to]);
    return {
      latencyMs: () => {
        const latency = this.#special.get(key) ?? this.#usual;
        return typeof latency === 'number' ? latency : latency(this.#random);
      },
      blocked: () =>
        this.#partitions.some(([a, b]) => (a.has(from) && b.has(to)) || (a.has(to) && b.has(from))),
    };
  }
}
