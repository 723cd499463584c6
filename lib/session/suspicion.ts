import { BusError, textOf } from '../errors/bus-error.js';
import { isThenable } from '../handler/thenable.js';
import { type Detector, fixedDeadline, type MakeDetector, type Silence } from '../time/detector.js';

/** How much silence makes the peer of one link suspect: what its detector says, held to its bounds. */
export class Suspicion {
  readonly #timing: Silence;
  readonly #plugin: string | undefined;
  readonly #peer: string;
  readonly #failed: (error: BusError) => void;
  #detector: Detector;
  /** The detector's clock stood still for so long: our own stalls. */
  #stalledMs = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Until then what a stall has piled up is read. */
  #pileUntil = Number.NEGATIVE_INFINITY;
  #pileTold = false;

  /** `failed` is called at most once; after that the deadline is fixed. `peer` is for its text: "the hub". */
  constructor(
    { intervalMs, suspectAfterMs, lostAfterMs }: Silence,
    make: MakeDetector,
    peer: string,
    failed: (error: BusError) => void,
  ) {
    this.#timing = Object.freeze({ intervalMs, suspectAfterMs, lostAfterMs });
    this.#plugin = make.plugin;
    this.#peer = peer;
    this.#failed = failed;
    this.#detector = fixedDeadline(this.#timing);
    this.#detector = this.#ask('as it was made', () => make(this.#timing), isDetector) ?? this.#detector;
  }

  /** A beat was read at `at`, while the next tick is due at `tickDueAt`. */
  heard(at: number, tickDueAt: number): void {
    const stalling = at - tickDueAt > this.#timing.intervalMs;
    if (stalling || at < this.#pileUntil) {
      if (this.#pileTold) return;
      this.#pileTold = true;
    } else this.#pileTold = false;
    this.#toldAt = Math.max(this.#toldAt, (stalling ? tickDueAt : at) - this.#stalledMs);
    this.#ask('in heard()', () => this.#detector.heard(this.#toldAt), isNothing);
  }

  /** This process was held up for so long; what came in meanwhile is read before the tick that is due at `tickDueAt`. */
  stalled(lateMs: number, tickDueAt: number): void {
    this.#stalledMs += lateMs;
    this.#pileUntil = tickDueAt;
  }

  /** To be asked at each tick: the detector may answer differently each time. */
  afterMs(): number {
    const ms = this.#ask('for suspectAfterMs()', () => this.#detector.suspectAfterMs(), isPositive);
    return bounded(ms ?? this.#timing.suspectAfterMs, this.#timing);
  }

  #ask<T>(where: string, step: () => T, isRight: (given: unknown) => boolean): T | undefined {
    try {
      const given = step();
      if (isRight(given)) return given;
      this.#fail(`gave ${shown(given)} ${where}`);
    } catch (thrown) {
      this.#fail(`failed ${where}: ${textOf(thrown)}`, { cause: thrown });
    }
    return undefined;
  }

  #fail(what: string, cause?: { readonly cause: unknown }): void {
    const { suspectAfterMs } = this.#timing;
    this.#detector = fixedDeadline(this.#timing);
    const plugin = this.#plugin;
    const whose = plugin === undefined ? 'the detector' : `plugin '${plugin}': its detector`;
    const text = `${whose} for ${this.#peer} ${what}; from now on ${suspectAfterMs} ms of silence make it suspect`;
    this.#failed(new BusError('plugin', text, { details: plugin === undefined ? {} : { plugin }, ...cause }));
  }
}

/** A peer that lives may be silent for an interval; that it is lost comes after it was suspect. */
export const bounded = (ms: number, { intervalMs, lostAfterMs }: Silence): number =>
  Math.min(Math.max(ms, intervalMs), lostAfterMs);

const isPositive = (given: unknown): boolean =>
  typeof given === 'number' && given > 0 && Number.isFinite(given);

const isDetector = (given: unknown): boolean => {
  if (typeof given !== 'object' || given === null) return false;
  const { heard, suspectAfterMs } = given as Partial<Detector>;
  return typeof heard === 'function' && typeof suspectAfterMs === 'function';
};

/** What `heard` gives is of no interest, but a promise is: it may reject later, where nobody hears it. */
const isNothing = (given: unknown): boolean => !isThenable(given);

/** Nobody waits for a promise: its rejection must not end the process. */
function shown(given: unknown): string {
  if (!isThenable(given)) return textOf(given);
  Promise.resolve(given).catch(() => {});
  return 'a promise';
}
