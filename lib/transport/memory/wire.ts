import type { Clock } from '../../time/clock.js';

/** The way from one host to another, as the network sees it now. */
export interface Route {
  latencyMs(): number;
  blocked(): boolean;
}

/**
 * One direction of a link. What is sent arrives in order after the latency of its moment; on a blocked route it waits
 * at the far end, as TCP would send it again, and arrives when `pump` finds the route open.
 */
export class Wire<T> {
  #flight: T[] = [];
  #arrived = 0;
  #lastAt = 0;
  readonly #clock: Clock;
  readonly #route: Route;
  readonly #deliver: (item: T) => void;

  constructor(clock: Clock, route: Route, deliver: (item: T) => void) {
    this.#clock = clock;
    this.#route = route;
    this.#deliver = deliver;
  }

  send(item: T): void {
    const flight = this.#flight;
    const now = this.#clock.now();
    this.#lastAt = Math.max(this.#lastAt, now + this.#route.latencyMs());
    flight.push(item);
    const arrive = () => {
      if (flight !== this.#flight) return;
      this.#arrived += 1;
      this.pump();
    };
    if (this.#lastAt > now) this.#clock.after(this.#lastAt - now, arrive);
    else this.#clock.soon(arrive);
  }

  /** Delivers what has arrived. */
  pump(): void {
    while (this.#arrived > 0 && !this.#route.blocked()) {
      this.#arrived -= 1;
      this.#deliver(this.#flight.shift() as T);
    }
  }

  /** Throws away what is under way. */
  clear(): void {
    this.#flight = [];
    this.#arrived = 0;
  }
}
