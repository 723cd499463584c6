const began = performance.now();

export const elapsed = (): string => ((performance.now() - began) / 1_000).toFixed(1);

/** A line of the story: when, how much is done, what happened. */
export function say(done: number, of: number, text: string): void {
  const marks = Math.round((20 * done) / of);
  const bar = '#'.repeat(marks).padEnd(20, '.');
  console.log(`${elapsed().padStart(5)} s  ${bar} ${`${done}`.padStart(3)}  ${text}`);
}

/** Prints what was promised with its figures; gives whether all of it held. */
export function judged(
  promises: readonly (readonly [promise: string, kept: boolean, figures: string])[],
): boolean {
  for (const [promise, kept, figures] of promises)
    console.log(`  ${kept ? 'kept  ' : 'BROKEN'}  ${promise}: ${figures}`);
  return promises.every(([, kept]) => kept);
}
