import type { Hub, WorkerInfo } from 'drumline';

/** What the hub's process saw of one worker while it watched. */
export interface Seen {
  readonly id: string;
  /** Every grade other than `alive` that it had, in the order of appearance. */
  readonly grades: readonly string[];
  /** Longest time between two beats, in milliseconds. */
  readonly longestGapMs: number;
  readonly mostQueued: number;
  readonly beats: number;
}

/** Much more often than beats come, so that none is missed. */
const lookMs = 20;

/** Looks at the workers all the time, and keeps what was worst. */
export class Watch {
  readonly #hub: Hub;
  readonly #timer: NodeJS.Timeout;
  readonly #seen = new Map<
    string,
    { -readonly [K in keyof Seen]: Seen[K] } & { lastAt: number; sinceAt: number }
  >();

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#look();
  }

  end(): readonly Seen[] {
    this.#look();
    clearInterval(this.#timer);
    return [...this.#seen.values()].map(({ lastAt, sinceAt, ...seen }) => seen);
  }

  #look(): void {
    for (const worker of this.#hub.workers.values()) this.#note(worker);
  }

  #note({ id, liveness, load, history }: WorkerInfo): void {
    const seen = this.#seen.get(id) ?? {
      id,
      grades: [],
      longestGapMs: 0,
      mostQueued: 0,
      beats: 0,
      lastAt: load.at,
      sinceAt: Date.now(),
    };
    this.#seen.set(id, seen);
    // A grade can come and go between two looks: the history has it.
    const passed = history.filter(({ at, to }) => at >= seen.sinceAt && to !== 'alive').map(({ to }) => to);
    const grades = liveness === 'alive' ? passed : [...passed, liveness];
    seen.grades = [...new Set([...seen.grades, ...grades])];
    seen.mostQueued = Math.max(seen.mostQueued, load.queued);
    if (load.at === seen.lastAt) return;
    if (seen.lastAt > 0) seen.longestGapMs = Math.max(seen.longestGapMs, load.at - seen.lastAt);
    seen.lastAt = load.at;
    seen.beats += 1;
  }
}
