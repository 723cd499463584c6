import type { BusError } from '../errors/bus-error.js';
import type { Beat, BeatTiming } from '../frame/frame.js';
import type { Cancel } from '../time/clock.js';
import type { Beats } from './beats.js';
import { Hearing } from './hearing.js';
import type { Opening } from './opening.js';
import { Pulse } from './pulse.js';
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

/** What a life wants of its session. */
export interface LifePort {
  apply(effect: SessionEffect): void;
  /** The detector failed. */
  misjudged(error: BusError, plugin: string | undefined): void;
}

/** What is known of the life of a session's peer: the state machine with its ticks, what is heard, and the pulse. */
export class Life {
  readonly pulse: Pulse;
  readonly #setup: SessionSetup;
  readonly #port: LifePort;
  readonly #hearing: Hearing;
  /** Those who wait for a sign of life. */
  readonly #heard = new Set<(overPulse: boolean) => void>();
  #state: SessionState = idle;
  #timing: BeatTiming | undefined;
  #cancelTick: Cancel = () => {};

  constructor(setup: SessionSetup, port: LifePort) {
    this.#setup = setup;
    this.#port = port;
    this.#hearing = new Hearing(setup, (error, plugin) => port.misjudged(error, plugin));
    this.pulse = new Pulse({
      name: setup.name,
      now: () => this.#now(),
      intervalMs: () => this.intervalMs,
      step: (event) => this.#step(event),
      broken: (error) => setup.host.detached(error),
      ignored: () => this.beats.ignore(),
    });
  }

  get state(): SessionState {
    return this.#state;
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
    this.#step({ type: 'attach', at: this.#now(), link });
    this.#scheduleTick(timing);
  }

  /** Something came over the link. */
  heard(link: number): void {
    this.#step({ type: 'heard', at: this.#now(), link });
    this.#wake(false);
  }

  draining(link: number): void {
    this.#step({ type: 'draining', link });
  }

  detach(link: number, cause: string): void {
    this.#step({ type: 'detach', at: this.#now(), link, cause });
  }

  end(cause: EndCause): void {
    this.#step({ type: 'end', at: this.#now(), cause });
  }

  attachPulse(opening: Opening): void {
    this.#hearing.attachPulse();
    this.pulse.attach(opening);
  }

  /** A beat came, over the link or the pulse. */
  beat(beat: Beat): void {
    const { host } = this.#setup;
    const at = this.#now();
    if (!this.pulse.brought(beat)) {
      const { progress: _, ...plain } = beat;
      return host.beat(plain, this.#hearing.beat(at, this.#state, this.pulsing));
    }
    const { stillMs, holders, delayMs } = beat.progress;
    this.beats.delay(stillMs > this.intervalMs ? Math.max(delayMs, stillMs) : delayMs, at);
    host.beat(beat, this.#hearing.pulseBeat(at, this.#state));
    this.#step({ type: 'pulsed', at, pulse: this.pulse.number, stillMs, delayMs, holders });
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
        this.#heard.delete(heard);
        resolve(given);
      };
      const heard = (overPulse: boolean) => {
        if (pulseCounts || !overPulse) end(true);
      };
      const cancel = this.#setup.clock.after(ms, () => end(false));
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
    this.#cancelTick();
  }

  #step(event: SessionEvent): void {
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
    if (this.#heard.size > 0) for (const heard of [...this.#heard]) heard(overPulse);
  }

  #scheduleTick({ intervalMs }: BeatTiming): void {
    this.#cancelTick();
    this.#cancelTick = this.#setup.clock.after(intervalMs, () => {
      this.#step({ type: 'tick', at: this.#now() });
      if (this.#state.name !== 'ended' && this.#timing) this.#scheduleTick(this.#timing);
    });
  }

  #now(): number {
    return this.#setup.clock.now();
  }
}
