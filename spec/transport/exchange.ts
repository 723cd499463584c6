import { once } from 'node:events';
import type { BusError } from '../../lib/errors/bus-error.js';
import type { Link } from '../../lib/transport/link.js';

/** What has come out of a link so far, and how it ended. */
export interface Received {
  readonly batches: Buffer[];
  /** The error, or `undefined` for a link that was closed. */
  readonly ended: Promise<BusError | undefined>;
  /** Resolves once so many batches are there. */
  count(n: number): Promise<Buffer[]>;
}

export function receive(link: Link): Received {
  const batches: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const each of waiting.splice(0)) each();
  };
  const ended = new Promise<BusError | undefined>((resolve) => {
    link.batches$.subscribe({
      next: (batch) => {
        batches.push(Buffer.from(batch));
        wake();
      },
      error: resolve,
      complete: () => resolve(undefined),
    });
  });
  return {
    batches,
    ended,
    async count(n) {
      while (batches.length < n) await new Promise<void>((resolve) => waiting.push(resolve));
      return batches;
    },
  };
}

/** Whether the batch is free, once the link can take the next one. */
export const write = (link: Link, batch: Uint8Array) =>
  new Promise<boolean>((done) => link.write(batch, (free = false) => done(free)));

/** A batch that can be told from its neighbours. */
export function numbered(n: number, bytes: number): Buffer {
  const batch = Buffer.alloc(bytes, n & 0xff);
  if (bytes >= 4) batch.writeUInt32BE(n);
  return batch;
}

export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = once(AbortSignal.any([stop.signal, AbortSignal.timeout(ms)]), 'abort').then(() => {
    throw new Error(`${what} took more than ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}
