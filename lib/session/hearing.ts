import type { BusError } from '../errors/bus-error.js';
import { fixedDeadline, type MakeDetector, type Silence } from '../time/detector.js';
import { Beats } from './beats.js';
import type { SessionState } from './state.js';
import { isLiving } from './step.js';
import { bounded, Suspicion } from './suspicion.js';

interface HearingPort {
  /** A detector failed: until the session ends there is no other. */
  misjudged(error: BusError, plugin: string | undefined): void;
}

/** What one session hears of its peer: how late the beats are, and how much silence makes it suspect. */
export class Hearing {
  readonly beats: Beats;
  #make: MakeDetector;
  /** Of this link. */
  #suspicion: Suspicion | undefined;
  #intervalMs = Number.POSITIVE_INFINITY;
  #beatAt: number | undefined;
  #pulseBeatAt: number | undefined;

  constructor(
    {
      detector = fixedDeadline,
      beats = new Beats(),
    }: { readonly detector?: MakeDetector; readonly beats?: Beats },
    private readonly port: HearingPort,
  ) {
    this.#make = detector;
    this.beats = beats;
  }

  /** A link begins. `peer` is for texts. */
  attach(timing: Silence, peer: string): void {
    this.#intervalMs = timing.intervalMs;
    this.#suspicion = undefined;
    // It learns nothing, so there is nothing to keep.
    if (this.#make === fixedDeadline) return;
    this.#suspicion = new Suspicion(timing, this.#make, peer, (error) => {
      const { plugin } = this.#make;
      this.#make = fixedDeadline;
      this.port.misjudged(error, plugin);
    });
  }

  /** A pulse begins: the time without one was no lateness. */
  attachPulse(): void {
    this.#pulseBeatAt = undefined;
  }

  /**
   * A beat was read over the link. Gives by how much it came after its interval; while there is a pulse, that one's beats
   * are the rhythm, and a link is never late.
   */
  beat(at: number, state: SessionState, pulsing: boolean): number {
    const lateMs = pulsing ? 0 : this.#lateMs(at, this.#beatAt);
    this.#beatAt = at;
    this.#note(lateMs, at, pulsing ? undefined : state);
    return lateMs;
  }

  /** The same over the pulse. */
  pulseBeat(at: number, state: SessionState): number {
    const lateMs = this.#lateMs(at, this.#pulseBeatAt);
    this.#pulseBeatAt = at;
    this.#note(lateMs, at, state);
    return lateMs;
  }

  /** This process was held up for so long. */
  stalled(lateMs: number, state: SessionState): void {
    if (isLiving(state)) this.#suspicion?.stalled(lateMs, state.tickDueAt);
  }

  /** How much silence of the process makes it suspect: what the detector says. */
  suspectAfterMs(timing: Silence): number {
    return this.#suspicion?.afterMs() ?? bounded(timing.suspectAfterMs, timing);
  }

  /** A new session: the time without one was no lateness. */
  renew(): void {
    this.#beatAt = undefined;
  }

  #lateMs(at: number, before: number | undefined): number {
    return before === undefined ? 0 : Math.max(0, at - before - this.#intervalMs);
  }

  /** `state` where the beat is one of those that are judged. */
  #note(lateMs: number, at: number, state: SessionState | undefined): void {
    this.beats.add(lateMs, at);
    if (state && isLiving(state)) this.#suspicion?.heard(at, state.tickDueAt);
  }
}
