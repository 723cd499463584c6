import type { Clock } from './clock.js';

/** How often a condition that has no event of its own is looked at, in milliseconds. */
const pollMs = 5;

/** Resolves with true as soon as `holds`, with false after `ms`. */
export function until(clock: Clock, holds: () => boolean, ms: number): Promise<boolean> {
  const deadline = clock.now() + ms;
  return new Promise((resolve) => {
    const look = () => {
      if (holds()) return resolve(true);
      if (clock.now() >= deadline) return resolve(false);
      clock.after(pollMs, look);
    };
    look();
  });
}
