// What a handler in a thread can do. Nothing here imports the SDK: a thread loads this file alone.
import { threadId } from 'node:worker_threads';

export const square = ({ payload }: { payload: number }): number => payload * payload;

export const whereabouts = ({ type, id }: { type: string; id: string }) => ({ threadId, type, id });

/** Tells that it runs, and then never yields. */
export function spin({ payload: started }: { payload: SharedArrayBuffer }): never {
  Atomics.store(new Int32Array(started), 0, 1);
  for (;;);
}

export function fail(): never {
  throw new RangeError('out of reach');
}

export function crash(): never {
  process.exit(3);
}

/** Not a function. */
export const nothing = 0;
