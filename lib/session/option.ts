import { BusError, textOf } from '../errors/bus-error.js';
import type { BeatTiming } from '../frame/frame.js';
import type { Log } from '../handler/context.js';
import type { Pulse } from '../pulse/pulse.js';
import type { MakeInjection } from '../services/injection.js';
import type { Clock } from '../time/clock.js';
import type { Transport } from '../transport/link.js';

/** The data lane of a process: what may wait and what may run. All credit is granted out of it. */
export interface LaneLimits {
  /** Handlers that run at once; default 64. One message type takes half of it unless its handler asks for more. */
  readonly concurrency?: number;
  /** Messages that wait for a handler; default 16,384. */
  readonly capacity?: number;
  /** Bytes of payload that wait or are being handled; default 64 MiB. */
  readonly capacityBytes?: number;
  /**
   * Bytes of payloads above 64 KiB that arrive, wait or are being handled, and of such replies while they arrive; default
   * twice the largest payload, and no less than one. What finds no room is refused with a retryable `overflow`.
   */
  readonly reassemblyBytes?: number;
}

/** What one process may hold in all its buffers together. */
export interface MemoryLimits {
  /**
   * Bytes of payload: what is promised to those who send (`lane.capacityBytes` and `lane.reassemblyBytes`), messages and
   * outcomes until they are acknowledged, and items of streams that wait. A payload of `publish` to many counts once.
   * Default: what is promised, and sixteen full outboxes (or largest payloads, or 64 MiB): 1,216 MiB with all defaults.
   * At least what is promised, and two of the largest payloads.
   */
  readonly maxBytes?: number;
}

/** What may wait to be sent, per peer. */
export interface SendLimits {
  /** Messages that wait before a `publish` is dropped and `reject` rejects; default 16,384. */
  readonly capacity?: number;
  /** The same in bytes of payload; default 64 MiB. */
  readonly capacityBytes?: number;
  /** Calls that wait beyond `capacity` before `wait` rejects too; default 65,536. */
  readonly maxWaiting?: number;
}

/** What stands under a hub or a worker unless its options say otherwise; bound by the doors. */
export interface Platform {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly injection: MakeInjection;
  /** What beats for a worker while its event loop is held, over this transport; absent: nothing does. */
  readonly pulse?: Pulse;
}

/** The version of this SDK, as it stands in its package.json. */
export const sdkVersion = '0.1.0';

export const defaultBeat: BeatTiming = {
  intervalMs: 1_000,
  suspectAfterMs: 3_000,
  lostAfterMs: 10_000,
  stalledAfterMs: 2_000,
};

/** Largest payload of one message in bytes, either way, unless the options say otherwise. */
export const defaultMaxPayloadBytes = 64 * 1024 * 1024;

/** Largest payload in bytes that may travel whole, to and from a peer that does not take it in parts. */
export const maxWholeBytes = 1024 * 1024;

/** What a batch may have beyond its one payload: type, headers, numbers, and control frames. */
const batchSlackBytes = 128 * 1024;

/**
 * Largest batch in bytes that is read. No larger for larger payloads, which come in parts: whoever has not been greeted
 * yet may have as much of a batch wait here.
 */
export const batchLimit = (maxPayloadBytes: number): number =>
  Math.min(maxPayloadBytes, maxWholeBytes) + batchSlackBytes;

/** Logs warnings and errors to the console. */
export const quietLog: Log = {
  debug() {},
  info() {},
  warn: (text) => console.warn(text),
  error: (text) => console.error(text),
};

/** A positive, finite number, or `invalid-option` that names it. */
export function positive(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new BusError('invalid-option', `${name} must be a positive number, not ${textOf(value)}`);
}

/** A text, or nothing, or `invalid-option` that names it. */
export function optionalText(value: unknown, name: string, max = 1_024): void {
  if (value === undefined || (typeof value === 'string' && value.length <= max)) return;
  const what = typeof value === 'string' ? `one of ${value.length}` : typeof value;
  throw new BusError('invalid-option', `${name} must be a string of at most ${max} characters, not ${what}`);
}

/** A record of texts, or nothing, or `invalid-option` that names the one that is none. */
export function optionalTexts(values: unknown, name: string, max?: number): void {
  if (values === undefined) return;
  if (typeof values !== 'object' || values === null)
    throw new BusError('invalid-option', `${name} must be an object of strings, not ${textOf(values)}`);
  for (const [key, value] of Object.entries(values)) optionalText(value, `${name}.${key}`, max);
}

/** Fills in the defaults; throws `invalid-option` that names the option for anything but a positive number. */
export function numbers<T extends Record<string, number>>(
  where: string,
  defaults: T,
  given: { readonly [K in keyof T]?: number } | undefined,
): T {
  const filled: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value === undefined) continue;
    if (!(name in defaults))
      throw new BusError(
        'invalid-option',
        `${where}.${name} is no option; there are ${Object.keys(defaults).join(', ')}`,
      );
    filled[name] = positive(value, `${where}.${name}`);
  }
  return filled as T;
}

export function laneLimits(given: LaneLimits | undefined, maxPayloadBytes: number) {
  const limits = numbers(
    'lane',
    {
      concurrency: 64,
      capacity: 16_384,
      capacityBytes: 64 * 1024 * 1024,
      reassemblyBytes: 2 * maxPayloadBytes,
    },
    given,
  );
  if (limits.reassemblyBytes >= maxPayloadBytes) return limits;
  throw new BusError(
    'invalid-option',
    `lane.reassemblyBytes must be at least the largest payload, ${maxPayloadBytes}, not ${limits.reassemblyBytes}`,
  );
}

/** How many peers may fill their outboxes before the bound of the process says something. */
const fullOutboxes = 16;
const mebi = 1024 * 1024;

export function memoryLimits(
  given: MemoryLimits | undefined,
  lane: ReturnType<typeof laneLimits>,
  outbox: ReturnType<typeof sendLimits>,
  maxPayloadBytes: number,
) {
  const promised = lane.capacityBytes + lane.reassemblyBytes;
  const each = Math.max(64 * mebi, outbox.capacityBytes, maxPayloadBytes);
  const limits = numbers('memory', { maxBytes: promised + fullOutboxes * each }, given);
  const least = promised + 2 * maxPayloadBytes;
  if (limits.maxBytes >= least) return limits;
  throw new BusError(
    'invalid-option',
    `memory.maxBytes must be at least ${least}, not ${limits.maxBytes}: lane.capacityBytes (${lane.capacityBytes}), ` +
      `lane.reassemblyBytes (${lane.reassemblyBytes}) and two of the largest payloads (${maxPayloadBytes} each)`,
  );
}

export const sendLimits = (given: SendLimits | undefined) =>
  numbers('outbox', { capacity: 16_384, capacityBytes: 64 * 1024 * 1024, maxWaiting: 65_536 }, given);

/** Whether verdicts can come of it: positive, and in their order. */
const ordered = ({ intervalMs, suspectAfterMs, lostAfterMs }: BeatTiming): boolean =>
  intervalMs > 0 && intervalMs < suspectAfterMs && suspectAfterMs < lostAfterMs;

/** The timing that a hub told, or the defaults where it told nothing that makes sense. */
export const toldTiming = (told: BeatTiming): BeatTiming => (ordered(told) ? told : defaultBeat);

/** Checks that the verdicts come in their order. */
export function beatTiming(given: Partial<BeatTiming> | undefined): BeatTiming {
  const timing = numbers('beat', { ...defaultBeat }, given);
  if (!ordered(timing))
    throw new BusError(
      'invalid-option',
      `beat must have intervalMs < suspectAfterMs < lostAfterMs, not ${timing.intervalMs}, ${timing.suspectAfterMs}, ` +
        `${timing.lostAfterMs}`,
    );
  return timing;
}
