// Loads nothing, so that a small thread can have it: `clock.ts` brings RxJS.
import type { Cancel } from './clock.js';

/** Milliseconds on a clock that never jumps, and that all threads of a process read alike; its zero means nothing. */
export const sharedNow = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};

/** Calls `task` once after `ms` milliseconds, unless the process has ended by then: it is not kept alive for it. */
export const later = (ms: number, task: () => void): Cancel => {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/**
 * Calls `task` every `ms` milliseconds with how late it is; those that were missed are not made up for. Keeps no
 * process alive.
 */
export const every = (ms: number, task: (lateMs: number) => void): Cancel => {
  let dueAt = sharedNow() + ms;
  let cancel: Cancel = () => {};
  const fire = () => {
    const now = sharedNow();
    const lateMs = Math.max(0, now - dueAt);
    dueAt += ms * (1 + Math.floor(lateMs / ms));
    // First: the task may cancel.
    cancel = later(Math.max(0, Math.ceil(dueAt - now)), fire);
    task(lateMs);
  };
  cancel = later(ms, fire);
  return () => cancel();
};
