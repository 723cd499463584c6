import type { BusError } from '../errors/bus-error.js';
import { fixedDeadline, type MakeDetector, type Silence } from '../time/detector.js';
import { Beats } from './beats.js';
import type { SessionState } from './state.js';
import { Suspicion } from './suspicion.js';

/** What one session hears of its peer: how late the beats are, and how much silence makes it suspect. */
export class Hearing {
  readonly beats: Beats;
  #make: MakeDetector;
  /** Of this link. */
  #suspicion: Suspicion | undefined;
  #intervalMs = Number.POSITIVE_INFINITY;
  #beatAt: number | undefined;

  constructor(
    {
      detector = fixedDeadline,
      beats = new Beats(),
    }: { readonly detector?: MakeDetector; readonly beats?: Beats },
    /** A detector failed: until the session ends there is no other. */
    private readonly misjudged: (error: BusError, plugin: string | undefined) => void,
  ) {
    this.#make = detector;
    this.beats = beats;
  }

  /** A link begins. `peer` is for texts. */
  attach(timing: Silence, peer: string): void {
    this.#intervalMs = timing.intervalMs;
    this.#suspicion = new Suspicion(timing, this.#make, peer, (error) => {
      const { plugin } = this.#make;
      this.#make = fixedDeadline;
      this.misjudged(error, plugin);
    });
  }

  /** A beat was read. Gives by how much it came after its interval. */
  beat(at: number, state: SessionState): number {
    const lateMs = this.#beatAt === undefined ? 0 : Math.max(0, at - this.#beatAt - this.#intervalMs);
    this.#beatAt = at;
    this.beats.add(lateMs, at);
    if (state.name === 'attached') this.#suspicion?.heard(at, state.tickDueAt);
    return lateMs;
  }

  /** This process was held up for so long. */
  stalled(lateMs: number, state: SessionState): void {
    if (state.name === 'attached') this.#suspicion?.stalled(lateMs, state.tickDueAt);
  }

  /** The timing, with what the detector says. */
  judged<T extends Silence>(timing: T): T {
    return this.#suspicion ? { ...timing, suspectAfterMs: this.#suspicion.afterMs() } : timing;
  }

  /** A new session: the time without one was no lateness. */
  renew(): void {
    this.#beatAt = undefined;
  }
}
