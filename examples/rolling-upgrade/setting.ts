/** From what to what, and a version that was forgotten. */
export const versions = { old: '2.31.4', new: '2.32.0', forgotten: '2.30.7' } as const;

/** Two digits, so that they line up. */
export const ids = Array.from({ length: 10 }, (_, n) => `w${String(n + 1).padStart(2, '0')}`);

/** With room for ten processes that start at once on a small machine. */
export const beat = { intervalMs: 250, suspectAfterMs: 2_000, lostAfterMs: 6_000, stalledAfterMs: 2_000 };

/** How long the whole thing may take, in milliseconds. */
export const deadlineMs = 19_000;

/** Between two calls of one loop, in milliseconds: steady work that leaves a small machine room to start processes. */
export const pauseMs = 30;

/** How long each hub works before the next step, in milliseconds. */
export const workMs = 400;

/** How soon the workers must be back once the new hub listens, in milliseconds. */
export const backWithinMs = 5_000;

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };
