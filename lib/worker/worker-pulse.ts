import type { Welcome } from '../frame/frame.js';
import type { Pulse, PulseHost, PulseMember } from '../pulse/pulse.js';
import { toldTiming } from '../session/option.js';
import type { EmitWorkerEvent } from './event.js';
import type { HubAddress, WorkerOptions } from './option.js';

export interface WorkerPulseOptions {
  readonly where: Exclude<HubAddress, string>;
  readonly reconnect: { readonly initialMs: number; readonly maxMs: number };
  readonly emit: EmitWorkerEvent;
  readonly work: Pick<PulseHost, 'load' | 'oldest'>;
  redial(reason: string): void;
}

/** What beats for a worker with these options; `undefined` where it is switched off, or its transport has nothing. */
export const pulseFor = ({ pulse, hub }: WorkerOptions, platform: Pulse | undefined): Pulse | undefined =>
  pulse === false || (typeof hub === 'object' && hub.transport !== undefined) ? undefined : platform;

/** A worker's own part in what beats for it: for which session, and what it hears of it. */
export class WorkerPulse {
  readonly #options: WorkerPulseOptions;
  readonly #member: PulseMember;

  constructor(pulse: Pulse, options: WorkerPulseOptions) {
    const { emit, work, redial } = options;
    this.#options = options;
    this.#member = pulse.join({
      ...work,
      redial,
      began: (cause) => emit('pulse-began', cause),
      lost: (cause) => emit('pulse-lost', `beats travel on the main link alone: ${cause}`),
    });
  }

  get marks() {
    return this.#member.marks;
  }

  /** Beats for this session, if the hub takes it. */
  welcomed({ worker, epoch, features, pulseToken, beat }: Welcome): void {
    if (pulseToken === undefined || !features.includes('pulse')) return this.rest();
    const { where, reconnect } = this.#options;
    const { intervalMs, lostAfterMs } = toldTiming(beat);
    this.#member.beat({
      address: where.address,
      ...(where.tls ? { tls: where.tls } : {}),
      worker,
      epoch,
      token: pulseToken,
      intervalMs,
      lostAfterMs,
      reconnect,
    });
  }

  /** There is no session to beat for. */
  rest(): void {
    this.#member.rest();
  }

  close(): void {
    this.#member.leave();
  }
}
