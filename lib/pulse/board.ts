// The memory that the two threads share. The main thread writes plain values, which costs it what a field costs; the
// beating thread reads them, and what it sees may be some nanoseconds old.

/** Words of 4 bytes in front of the handlers' counts. */
const head = { ticks: 0, running: 1, tickAt: 2, counts: 4 } as const;

/** Handlers that a new board has room for; one that is full is replaced by one of twice the size. */
const smallest = 64;

/** What the main thread does: its ticks, the handler that runs, and how many of each wait for something. */
export class Board {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #times: Float64Array;

  constructor(memory = new SharedArrayBuffer((head.counts + smallest) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    // The time of the last tick lies at the third and fourth word.
    this.#times = new Float64Array(memory, 0, head.counts / 2);
  }

  /** A board of twice the size with the same on it. */
  grown(): Board {
    const board = new Board(new SharedArrayBuffer((head.counts + 2 * this.handlers) * 4));
    board.#words.set(this.#words);
    return board;
  }

  /** Ids of handlers are below it; 0 is none. */
  get handlers(): number {
    return this.#words.length - head.counts;
  }

  get ticks(): number {
    return Atomics.load(this.#words, head.ticks);
  }

  /** When the last tick was, on the clock that all threads share. */
  get tickAt(): number {
    return this.#times[head.tickAt / 2] as number;
  }

  tick(at: number): void {
    this.#times[head.tickAt / 2] = at;
    Atomics.add(this.#words, head.ticks, 1);
  }

  /** Whose synchronous part runs; 0 for nobody's. */
  get running(): number {
    return this.#words[head.running] as number;
  }

  set running(id: number) {
    this.#words[head.running] = id;
  }

  /** How many messages a handler has begun with and not ended. */
  inFlight(id: number): number {
    return this.#words[head.counts + id] as number;
  }

  add(id: number, count: 1 | -1): void {
    const place = head.counts + id;
    this.#words[place] = (this.#words[place] as number) + count;
  }
}

/** What a beat tells of one worker's work. */
export interface Load {
  readonly inFlight: number;
  readonly queued: number;
  readonly handled: number;
  readonly oldestMs: number;
}

/** How many handlers a beat names. */
export const mostHolders = 4;

/** One worker's load, as of the last tick. */
export class Slot {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Float64Array;

  constructor(memory = new SharedArrayBuffer((5 + mostHolders) * 8)) {
    this.memory = memory;
    this.#numbers = new Float64Array(memory);
  }

  /** `oldest`: the handlers in flight, the one that began first in front. */
  write({ inFlight, queued, handled, oldestMs }: Load, lateMs: number, oldest: readonly number[]): void {
    const numbers = this.#numbers;
    numbers[0] = inFlight;
    numbers[1] = queued;
    numbers[2] = handled;
    numbers[3] = oldestMs;
    // Until a beat has told it.
    numbers[4] = Math.max(numbers[4] as number, lateMs);
    for (let at = 0; at < mostHolders; at += 1) numbers[5 + at] = oldest[at] ?? 0;
  }

  get load(): Load {
    const [inFlight = 0, queued = 0, handled = 0, oldestMs = 0] = this.#numbers;
    return { inFlight, queued, handled, oldestMs };
  }

  /** By how much the latest tick was too late since this was last asked. */
  takeLateMs(): number {
    const lateMs = this.#numbers[4] as number;
    this.#numbers[4] = 0;
    return lateMs;
  }

  get oldest(): readonly number[] {
    return [...this.#numbers.subarray(5)].filter((id) => id !== 0);
  }
}
