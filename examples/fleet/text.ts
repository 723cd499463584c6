import { setTimeout as timer } from 'node:timers/promises';

export const textOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** A number as people write it: 20,000. */
export const figure = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Waits; with a signal that fires, no longer. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  timer(ms, undefined, signal ? { signal } : {}).catch(() => {});

/** What comes of it, or undefined if it takes longer. */
export async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(ms, timer.signal).then(() => undefined);
  return Promise.race([promise, late]).finally(() => timer.abort());
}
