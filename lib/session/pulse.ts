import { BusError } from '../errors/bus-error.js';
import { encodeBatch } from '../frame/codec.js';
import type { Beat, ControlFrame, Frame } from '../frame/frame.js';
import { believed, type PulseBeat } from './believed.js';
import type { Opening } from './opening.js';
import { asBusError, refusalOf } from './refusal.js';
import type { SessionEvent } from './state.js';

export interface PulsePort {
  /** For texts: "worker 'w1'". */
  readonly name: string;
  now(): number;
  readonly intervalMs: number;
  step(event: Extract<SessionEvent, { readonly type: 'pulse-attach' | 'pulse-detach' }>): void;
  /** The beats that are believed, one by one. */
  frames(frames: readonly Frame[]): void;
  /** It sent what has no place in a pulse. */
  broken(error: BusError): void;
  /** A beat was left out. */
  ignored(): void;
}

/** Beats that are read at once: what piled up while this process was held up for a minute. */
const burst = 64;
/** Beats that are read in an interval, in the long run. */
const perInterval = 4;

/** The pulse of one session, on the hub's side: which call counts, and which of its beats are believed. */
export class Pulse {
  #number = 0;
  #opening: Opening | undefined;
  /** The number of the last beat that was believed. */
  #n = 0;
  #allowed = burst;
  #allowedAt = 0;
  /** The beat that is on its way to the control lane. */
  #coming: Frame | undefined;
  #writing = false;

  constructor(private readonly port: PulsePort) {}

  get number(): number {
    return this.#number;
  }

  /** Takes a call whose secret was right; the one before it goes. */
  attach(opening: Opening): void {
    const number = ++this.#number;
    this.#close();
    this.#opening = opening;
    this.#n = 0;
    this.#writing = false;
    this.port.step({ type: 'pulse-attach', at: this.port.now(), pulse: number });
    if (this.#opening !== opening) return;
    opening.read({
      next: (frames) => this.#read(frames, number),
      error: (thrown) => this.#failed(asBusError(thrown), number),
      complete: () => this.#ended(number, 'closed'),
    });
  }

  /** Whether a frame came over the pulse: one over the link may claim to. */
  brought(frame: Beat): frame is PulseBeat {
    return frame === this.#coming;
  }

  /** Asks the worker to dial again. Dropped while the last word is still on its way. */
  redial(reason: string): void {
    if (this.#writing) return;
    this.#writing = true;
    this.#write({ kind: 'redial', reason }, () => {
      this.#writing = false;
    });
  }

  /** The session is over: its worker is to wait for the next. */
  end(cause: string): void {
    const text = `the session of ${this.port.name} is over (${cause}): its pulse ends, and the next welcome has another secret`;
    this.#write(refusalOf(new BusError('closed', text)), () => {});
    this.#close();
  }

  /** Lets go of a call that brings nothing; another may come. */
  drop(): void {
    this.#close();
  }

  #read(frames: readonly Frame[], number: number): void {
    for (const frame of frames) {
      if (this.#number !== number || this.#opening === undefined) return;
      if (frame.kind !== 'beat') return this.#failed(this.#wrong(frame), number);
      const beat = this.#mayCome() ? believed(frame) : undefined;
      if (beat === undefined || beat.n <= this.#n) {
        this.port.ignored();
        continue;
      }
      this.#n = beat.n;
      this.#coming = beat;
      this.port.frames([beat]);
      this.#coming = undefined;
    }
  }

  /** Verdicts, events and what they set off cost time: a worker gets its share of that, and no more. */
  #mayCome(): boolean {
    const now = this.port.now();
    const earned = ((now - this.#allowedAt) * perInterval) / this.port.intervalMs;
    this.#allowed = Math.min(burst, this.#allowed + earned);
    this.#allowedAt = now;
    if (this.#allowed < 1) return false;
    this.#allowed -= 1;
    return true;
  }

  #wrong({ kind }: Frame): BusError {
    return new BusError(
      'protocol',
      `${this.port.name} sent a ${kind} over its pulse, where only beats may come`,
    );
  }

  #failed(error: BusError, number: number): void {
    if (this.#number !== number || this.#opening === undefined) return;
    if (error.code === 'protocol') {
      this.#write(refusalOf(error), () => {});
      this.port.broken(error);
    }
    this.#ended(number, error.code);
  }

  #ended(number: number, cause: string): void {
    if (this.#number !== number || this.#opening === undefined) return;
    this.#close();
    this.port.step({ type: 'pulse-detach', at: this.port.now(), pulse: number, cause });
  }

  #write(frame: ControlFrame, done: () => void): void {
    this.#opening?.link.write(encodeBatch([frame]), done);
  }

  #close(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.leave();
    void opening?.link.close();
  }
}
