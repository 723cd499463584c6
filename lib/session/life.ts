import type { BusError } from '../errors/bus-error.js';
import type { Beat, BeatTiming, Frame } from '../frame/frame.js';
import { Deadline } from '../time/deadlines.js';
import type { Beats } from './beats.js';
import { Hearing } from './hearing.js';
import type { Opening } from './opening.js';
import { Pulse, type PulsePort } from './pulse.js';
import {
  type EndCause,
  idle,
  type Rules,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from './state.js';
import { isLiving } from './step.js';
import type { SessionSetup } from './terms.js';
import { transition } from './transition.js';

/** Before the first welcome there is nothing to judge by. */
const unjudged: BeatTiming = {
  intervalMs: Number.POSITIVE_INFINITY,
  suspectAfterMs: Number.POSITIVE_INFINITY,
  lostAfterMs: Number.POSITIVE_INFINITY,
  stalledAfterMs: Number.POSITIVE_INFINITY,
};

/** Over a link it proves nothing. */
function withoutProgress({ progress: _, ...beat }: Beat): Beat {
  return beat;
}

/** What a life wants of its session. */
export interface LifePort {
  apply(effect: SessionEffect): void;
  /** The detector failed. */
  misjudged(error: BusError, plugin: string | undefined): void;
  /** Beats came over the pulse. */
  frames(frames: readonly Frame[]): void;
}

/**
 * What is known of the life of a session's peer: the state machine with its ticks, what is heard, and the pulse. It is its
 * own next tick.
 */
export class Life extends Deadline implements PulsePort {
  readonly #setup: SessionSetup;
  readonly #port: LifePort;
  readonly #hearing: Hearing;
  /** Those who wait for a sign of life. */
  #heard: Set<(overPulse: boolean) => void> | undefined;
  /** From the first call on. */
  #pulse: Pulse | undefined;
  #state: SessionState = idle;
  /** When something was last heard that the machine has not been told yet; of a peer that is alive, the last time is all. */
  #heardAt: number | undefined;
  #timing: BeatTiming | undefined;

  constructor(setup: SessionSetup, port: LifePort) {
    super();
    this.#setup = setup;
    this.#port = port;
    this.#hearing = new Hearing(setup, port);
  }

  get state(): SessionState {
    this.#tellHeard();
    return this.#state;
  }

  /** Whether the peer drains. Costs no step, as `state` may. */
  get drains(): boolean {
    return this.#state.name === 'attached' && this.#state.draining;
  }

  /** Whether a pulse is open. */
  get pulsing(): boolean {
    return isLiving(this.#state) && this.#state.pulse?.open === true;
  }

  get beats(): Beats {
    return this.#hearing.beats;
  }

  get intervalMs(): number {
    return (this.#timing ?? unjudged).intervalMs;
  }

  attach(timing: BeatTiming, link: number): void {
    this.#timing = timing;
    this.#hearing.attach(timing, this.#setup.name);
    this.step({ type: 'attach', at: this.now(), link });
    this.#scheduleTick(timing);
  }

  /** Something came over the link. */
  heard(link: number): void {
    const state = this.#state;
    const at = this.now();
    if (state.name === 'attached' && state.link === link && state.verdict.grade === 'alive')
      this.#heardAt = at;
    else this.step({ type: 'heard', at, link });
    this.#wake(false);
  }

  draining(link: number): void {
    this.step({ type: 'draining', link });
  }

  detach(link: number, cause: string): void {
    this.step({ type: 'detach', at: this.now(), link, cause });
  }

  end(cause: EndCause): void {
    this.step({ type: 'end', at: this.now(), cause });
  }

  attachPulse(opening: Opening): void {
    this.#hearing.attachPulse();
    this.#pulse ??= new Pulse(this);
    this.#pulse.attach(opening);
  }

  /** Over the pulse: the link of the session is silent or closed. */
  redial(reason: string): void {
    this.#pulse?.redial(reason);
  }

  /** Lets go of a pulse that is silent, so that another may come; after anything else the session is over. */
  dropPulse(cause: string): void {
    if (cause === 'silent') this.#pulse?.drop();
    else this.#pulse?.end(cause);
  }

  /** A beat came, over the link or the pulse. */
  beat(beat: Beat): void {
    const { host } = this.#setup;
    const at = this.now();
    const pulse = this.#pulse;
    if (!pulse?.brought(beat)) {
      const lateMs = this.#hearing.beat(at, this.#state, this.pulsing);
      return host.beat(beat.progress === undefined ? beat : withoutProgress(beat), lateMs);
    }
    const { stillMs, holders, delayMs } = beat.progress;
    this.beats.delay(stillMs > this.intervalMs ? Math.max(delayMs, stillMs) : delayMs, at);
    host.beat(beat, this.#hearing.pulseBeat(at, this.#state));
    this.step({ type: 'pulsed', at, pulse: pulse.number, stillMs, delayMs, holders });
    this.#wake(true);
  }

  /** This process was held up for so long. */
  heldUp(lateMs: number): void {
    this.#hearing.stalled(lateMs, this.#state);
  }

  /** Resolves with whether a sign of life comes within `ms`, over the link or (`pulseCounts`) the pulse. */
  sign(ms: number, pulseCounts: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (given: boolean) => {
        cancel();
        this.#heard?.delete(heard);
        resolve(given);
      };
      const heard = (overPulse: boolean) => {
        if (pulseCounts || !overPulse) end(true);
      };
      const cancel = this.#setup.clock.after(ms, () => end(false));
      this.#heard ??= new Set();
      this.#heard.add(heard);
    });
  }

  /** A new session: the time without one was no lateness. */
  renew(): void {
    this.#hearing.renew();
  }

  /** There is no session to be judged any more, until the next link. */
  forget(): void {
    this.#timing = undefined;
  }

  /** No tick comes any more, until the next link. */
  halt(): void {
    this.#setup.dispatch.deadlines.takeBack(this);
  }

  /** A tick is due. */
  override expired(): void {
    // A deadline may come a little early: what was added up of that would make a verdict late by an interval.
    const at = Math.max(this.now(), this.at);
    try {
      this.step({ type: 'tick', at });
    } finally {
      if (this.#state.name !== 'ended' && this.#timing) this.#scheduleTick(this.#timing, at);
    }
  }

  // What its pulse asks for.
  get name(): string {
    return this.#setup.name;
  }

  now(): number {
    return this.#setup.clock.now();
  }

  broken(error: BusError): void {
    this.#setup.host.detached(error);
  }

  ignored(): void {
    this.beats.ignore();
  }

  frames(frames: readonly Frame[]): void {
    this.#port.frames(frames);
  }

  #tellHeard(): void {
    if (this.#heardAt === undefined || this.#state.name !== 'attached') return;
    const at = this.#heardAt;
    this.#heardAt = undefined;
    this.step({ type: 'heard', at, link: this.#state.link });
  }

  step(event: SessionEvent): void {
    this.#tellHeard();
    const { state, effects } = transition(this.#state, event, this.#rules(event));
    this.#state = state;
    for (const effect of effects) this.#port.apply(effect);
  }

  #rules({ type }: SessionEvent): Rules {
    const { role, stallLimit } = this.#setup;
    const timing = this.#timing ?? unjudged;
    if (type !== 'tick' || (this.#state.name !== 'attached' && !this.pulsing))
      return { role, timing, stallLimit };
    return { role, timing, stallLimit, suspectAfterMs: this.#hearing.suspectAfterMs(timing) };
  }

  #wake(overPulse: boolean): void {
    if (this.#heard !== undefined) for (const heard of [...this.#heard]) heard(overPulse);
  }

  #scheduleTick({ intervalMs }: BeatTiming, at = this.now()): void {
    this.halt();
    this.#setup.dispatch.deadlines.set(this, at + intervalMs);
  }
}
