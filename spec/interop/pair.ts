import type { Program } from './program.js';

/** A master and its worker, or a hub and its worker. */
export interface Pair {
  readonly hub: Program;
  readonly worker: Program;
}

/** How long a program may take until it runs, in milliseconds. */
export const startMs = 20_000;

export async function ended(...programs: readonly (Program | undefined)[]): Promise<void> {
  await Promise.all(programs.map((program) => program?.end()));
}
