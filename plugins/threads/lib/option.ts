import { availableParallelism } from 'node:os';
import { BusError } from 'drumline/plugin';

/** Bounds of one thread's memory, as Node.js has them for its workers. A thread that is over them ends. */
export interface ResourceLimits {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  readonly stackSizeMb?: number;
}

/** Options of `threads`. */
export interface ThreadsOptions {
  /** How many threads there may be; each handles one message at a time. Default: one less than there are processors, at least 1. */
  readonly threads?: number;
  /** How many are kept while they are idle; default 0. */
  readonly minThreads?: number;
  /** How many messages may wait for a thread, default 1,024; the next gets `overflow`. */
  readonly maxQueued?: number;
  /** Milliseconds after which an idle thread ends; default 30,000. `Infinity` is never. */
  readonly idleTimeoutMs?: number;
  /**
   * Milliseconds for which a handler may go on after its signal has fired; then its thread is ended. Default 1,000; 0 ends
   * it at once.
   */
  readonly endAfterMs?: number;
  /** Default: those of Node.js. */
  readonly resourceLimits?: ResourceLimits;
  /** `process.env` of the threads; default a copy of this process'. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node.js for the threads; default this process'. */
  readonly execArgv?: readonly string[];
  /** What handlers find as `workerData` of `node:worker_threads`; a copy for each thread. */
  readonly workerData?: unknown;
}

/** Options that make sense, with their defaults. */
export interface Settings {
  readonly threads: number;
  readonly minThreads: number;
  readonly maxQueued: number;
  readonly idleTimeoutMs: number;
  readonly endAfterMs: number;
  /** As Node.js has them for its workers. */
  readonly worker: {
    resourceLimits?: ResourceLimits;
    env?: Record<string, string>;
    execArgv?: string[];
    workerData?: unknown;
  };
}

const longestTimeoutMs = 2 ** 31 - 1;
const limits = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];
const known = new Set([
  'threads',
  'minThreads',
  'maxQueued',
  'idleTimeoutMs',
  'endAfterMs',
  'resourceLimits',
  'env',
  'execArgv',
  'workerData',
]);

/** Throws `invalid-option`, naming the option. */
export function settingsOf(options: ThreadsOptions): Settings {
  for (const name of Object.keys(options))
    if (!known.has(name)) refuse(`there is no option '${name}'; there are ${[...known].join(', ')}`);
  const {
    threads = Math.max(1, availableParallelism() - 1),
    minThreads = 0,
    maxQueued = 1_024,
    idleTimeoutMs = 30_000,
    endAfterMs = 1_000,
    resourceLimits,
    env,
    execArgv,
    workerData,
  } = options;
  const whole = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least;
  const span = (value: unknown) => Number.isFinite(value) && (value as number) >= 0;
  if (!whole(threads, 1)) refuse(`threads must be a positive integer, not ${shown(threads)}`);
  if (!whole(minThreads, 0) || minThreads > threads)
    refuse(`minThreads must be an integer from 0 to threads (${threads}), not ${shown(minThreads)}`);
  if (!whole(maxQueued, 0)) refuse(`maxQueued must be an integer of 0 or more, not ${shown(maxQueued)}`);
  if (!span(idleTimeoutMs) && idleTimeoutMs !== Number.POSITIVE_INFINITY)
    refuse(`idleTimeoutMs must be milliseconds or Infinity, not ${shown(idleTimeoutMs)}`);
  if (!span(endAfterMs)) refuse(`endAfterMs must be milliseconds, not ${shown(endAfterMs)}`);
  for (const [name, value] of Object.entries(resourceLimits ?? {}))
    if (!limits.includes(name) || !(Number.isFinite(value) && value > 0))
      refuse(`resourceLimits are positive numbers of MB (${limits.join(', ')}), not ${name} ${shown(value)}`);
  for (const [name, value] of Object.entries(env ?? {}))
    if (typeof value !== 'string') refuse(`env: '${name}' must be a text, not ${shown(value)}`);
  if (
    execArgv !== undefined &&
    !(Array.isArray(execArgv) && execArgv.every((flag) => typeof flag === 'string'))
  )
    refuse('execArgv must be a list of texts');
  const cut = (ms: number) => Math.min(ms, longestTimeoutMs);
  return {
    threads,
    minThreads,
    maxQueued,
    idleTimeoutMs: idleTimeoutMs === Number.POSITIVE_INFINITY ? idleTimeoutMs : cut(idleTimeoutMs),
    endAfterMs: cut(endAfterMs),
    worker: {
      ...(resourceLimits === undefined ? {} : { resourceLimits: { ...resourceLimits } }),
      ...(env === undefined ? {} : { env: { ...env } }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(workerData === undefined ? {} : { workerData: copyOf(workerData) }),
    },
  };
}

function copyOf(workerData: unknown): unknown {
  try {
    return structuredClone(workerData);
  } catch (thrown) {
    return refuse(`workerData cannot be copied into a thread: ${(thrown as Error).message}`);
  }
}

function refuse(what: string): never {
  throw new BusError('invalid-option', `@drumline/threads: ${what}`);
}

const shown = (value: unknown) =>
  typeof value === 'string'
    ? `'${value.slice(0, 64)}'`
    : typeof value === 'object'
      ? 'an object'
      : String(value);
