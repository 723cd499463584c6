import { BusError } from '../errors/bus-error.js';
import { features, protocolRange } from '../handshake/profile.js';
import type { Merged } from '../plugin/merge.js';
import { batchLimit, defaultMaxPayloadBytes, sdkVersion } from '../session/option.js';
import type { Clock } from '../time/clock.js';
import type { Listener, Transport } from '../transport/link.js';
import { Admission, type AdmissionOptions } from './admission.js';
import type { HubEvent } from './event.js';
import type { HubLimits, HubOptions, Listen } from './option.js';
import { type PulseHolder, Pulses } from './pulses.js';

export const defaultLimits = {
  handshakeTimeoutMs: 10_000,
  maxHelloBytes: 65_536,
  maxPayloadBytes: defaultMaxPayloadBytes,
  maxSessions: 100_000,
  maxSessionsPerAddress: Number.POSITIVE_INFINITY,
  maxGreetings: 4_096,
  maxGreetingsPerAddress: 1_024,
} satisfies Required<HubLimits>;

export interface EntranceOptions {
  readonly clock: Clock;
  /** Where the options name none. */
  readonly transport: Transport;
  readonly options: HubOptions;
  readonly limits: Required<HubLimits>;
  readonly contributions: Merged;
  readonly enter: AdmissionOptions['enter'];
  /** The worker with this id. */
  member(id: string): PulseHolder | undefined;
  /** A pulse was refused. */
  pulseRefused(): void;
  emit(event: Omit<HubEvent, 'at'>): void;
}

/** Listens for workers, and lets in those whom the handshake does. */
export async function listen(entrance: EntranceOptions): Promise<Listener> {
  const { clock, limits, contributions, enter, member, pulseRefused, emit } = entrance;
  const { listen = '127.0.0.1:0', requires = [], version } = entrance.options;
  const where: Exclude<Listen, string> = typeof listen === 'string' ? { address: listen } : listen;
  const { address, tls, transport = entrance.transport } = where;
  const { maxPayloadBytes } = limits;
  const unknownFrames = (error: BusError) => emit({ kind: 'fault', cause: error.message, error });
  const admission = new Admission({
    clock,
    ...limits,
    authenticate: contributions.authenticate,
    negotiate: contributions.negotiate,
    waitsFor: contributions.waitsFor,
    hub: {
      sdk: sdkVersion,
      version,
      protocolMin: protocolRange.min,
      protocolMax: protocolRange.max,
      features,
      requires,
      maxPayloadBytes,
    },
    enter,
    refused: (error, claimed) =>
      emit({ kind: 'refused', ...(claimed ? { worker: claimed } : {}), cause: error.message, error }),
    unknownFrames,
  });
  const pulses = new Pulses({ clock, ...limits, member, refused: pulseRefused, unknownFrames });
  const listener = await transport.listen(
    { address, maxBatchBytes: batchLimit(maxPayloadBytes), ...(tls ? { tls } : {}) },
    (link, call) => void (call === 'attach' ? admission : pulses).greet(link),
  );
  return {
    address: listener.address,
    async close() {
      await admission.close(new BusError('closed', 'this hub closes: dial again later', { retryable: true }));
      await listener.close();
    },
  };
}
