import type { Sum } from './rule.js';

/** What the processes of a trial tell. */
export type Told =
  | { readonly kind: 'ready'; readonly address: string }
  | { readonly kind: 'memory'; readonly bytes: number }
  | {
      readonly kind: 'offered';
      readonly sum: Sum;
      readonly verdicts: readonly string[];
      readonly worstBeatMs: number;
    }
  | { readonly kind: 'handled'; readonly handled: number; readonly repeated: number };

const everyMs = 250;

/** Tells the one who started this process; ends with it. */
export function tell(told: Told): void {
  if (process.connected) process.send?.(told, () => {});
}

/** Tells how much memory this process has, from now on. */
export function tellMemory(): void {
  process.on('disconnect', () => process.exit());
  setInterval(() => tell({ kind: 'memory', bytes: process.memoryUsage.rss() }), everyMs).unref();
}
