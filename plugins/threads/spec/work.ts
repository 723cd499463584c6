// What the specs have threads do. A thread loads this file, and the SDK only when something goes wrong.

import { setTimeout as pause } from 'node:timers/promises';
import { threadId, workerData } from 'node:worker_threads';
import { BusError, type Context, type HandlerMessage } from 'drumline/plugin';

type Message<Payload> = HandlerMessage<Payload>;

export const square = ({ payload }: Message<number>): number => payload * payload;

export const echo = ({ payload }: Message<unknown>): unknown => payload;

export const whoami = async (
  { type, id, headers }: Message<unknown>,
  { from, deadline, attempt, signal }: Context,
) => ({
  threadId,
  type,
  id,
  headers,
  from,
  left: deadline === undefined ? null : deadline - Date.now(),
  attempt,
  aborted: signal.aborted,
  isSignal: signal instanceof AbortSignal,
});

export const surroundings = () => ({ env: { ...process.env }, workerData, execArgv: process.execArgv });

/** Computes for so many milliseconds. */
export function spin({ payload }: Message<number>): number {
  const end = performance.now() + payload;
  while (performance.now() < end);
  return threadId;
}

export const wait = async ({ payload }: Message<number>): Promise<number> => {
  await pause(payload);
  return threadId;
};

let raised = 0;
export const setFlag = () => {
  raised = 1;
};
export const flag = () => raised;

/** Heeds its signal, and tells what it was. */
export const heed = async (_: unknown, { signal, log }: Context): Promise<string> => {
  log.info('waiting');
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  const { code, message } = signal.reason as BusError;
  log.info(`let go: ${BusError.is(signal.reason)} ${code} ${message}`);
  return 'let go';
};

/** Hears its signal, and goes on. */
export const defy = async (): Promise<never> => {
  for (;;) await pause(1);
};

export const speak = ({ payload }: Message<number>, { log }: Context): void => {
  for (let n = 0; n < payload; n += 1) log.info(`line ${n}`);
};

export const say = (_: unknown, { log }: Context): void => {
  log.debug('a');
  log.info('b', { n: 1 });
  log.warn('c', { f() {} });
  log.error('d');
};

export const serve = (_: unknown, { services }: Context): unknown => services.get(Symbol('clock') as never);

export const identify = (_: unknown, { from }: Context): unknown => from.identity;

export const failTyped = (): never => {
  throw new BusError('no-worker', 'none has a spade', {
    retryable: true,
    details: { since: 3, deep: { a: [1] } },
  });
};
export const failWithFunction = (): never => {
  throw new BusError('overflow', 'full', { details: { f() {} } });
};
export const failPlain = (): never => {
  throw new RangeError('out of reach');
};
export const failText = async (): Promise<never> => {
  throw 'a bare text';
};
export const failOddly = (): never => {
  throw new Proxy(
    {},
    {
      get: () => {
        throw new Error('hands off');
      },
    },
  );
};

export const exit = ({ payload }: Message<number>): never => process.exit(payload);

export const exitLater = async ({ payload }: Message<number>): Promise<never> => {
  setTimeout(() => process.exit(payload), 20);
  return new Promise(() => {});
};

export const crashInTimer = (): Promise<never> => {
  setTimeout(() => {
    throw new TypeError('nobody catches this');
  }, 5);
  return new Promise(() => {});
};

export const rejectInVain = (): Promise<never> => {
  void Promise.reject(new TypeError('nobody awaits this'));
  return new Promise(() => {});
};

/** Fails when it has answered. */
export const crashAfterwards = (): string => {
  setTimeout(() => {
    throw new TypeError('too late');
  }, 20);
  return 'done';
};

/** Holds its thread for so many milliseconds when it has answered. */
export const spinAfterwards = ({ payload }: Message<number>): string => {
  setTimeout(() => spin({ payload } as Message<number>), 1);
  return 'done';
};

export const fillMemory = (): number => {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, n) => n + kept.length));
};

export const giveFunction = () => ({ f() {} });
export const givePromiseInside = () => ({ later: Promise.resolve(1) });

// Bytes.

/** Fills what it gets, so that whoever shares the buffer would see it. */
export const scribble = ({ payload }: Message<Uint8Array>) => {
  const seen = { bytes: payload.byteLength, buffer: payload.buffer.byteLength, first: payload[0] };
  payload.fill(255);
  return seen;
};
/** The whole buffer behind bytes that are nested in an object. */
export const behind = ({ payload }: Message<{ bytes: Uint8Array }>) => payload.bytes.buffer.byteLength;

const kept = new Uint8Array(1_000).fill(7);
export const giveKept = () => kept;
export const giveWhole = () => new Uint8Array(1_000).fill(7);
let given: Uint8Array | undefined;
export const giveAndLook = () => {
  const before = given?.byteLength;
  given = new Uint8Array(1_000).fill(7);
  return before === undefined ? given : { left: before };
};
export const givePart = () => kept.subarray(10, 20);
declare const WebAssembly: { Memory: new (size: { initial: number }) => { buffer: ArrayBuffer } };
const wasm = new WebAssembly.Memory({ initial: 1 });
export const giveWasm = () => new Uint8Array(wasm.buffer);
export const givePooled = () => Buffer.from('from the pool');
export const giveShared = () => new Uint8Array(new SharedArrayBuffer(8));
export const giveNothing = () => new Uint8Array(0);

export const list = () => [1, 2, 3];

/** Not a function. */
export const nothing = 0;
