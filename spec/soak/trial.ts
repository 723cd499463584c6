import { setTimeout as sleep } from 'node:timers/promises';
import { Program, type Sample } from './process.js';
import type { Rule, Sum } from './rule.js';

const MB = 1_000_000;
export const mostGrowthMB = 50;
const drainMs = 60_000;

/** Memory of one process in MB: at the moment it is judged by, and the most afterwards. */
export interface Memory {
  readonly before: number;
  readonly most: number;
}

export interface Result {
  readonly rule: Rule;
  readonly sum: Sum;
  readonly handled: number;
  readonly hub: Memory;
  readonly worker: Memory;
  readonly worstBeatMs: number;
  /** What was not as promised, in words. */
  readonly wrong: readonly string[];
}

/** Offers for so many seconds under one rule. Memory is judged by what it was after 10 of them, or half of fewer than 20. */
export async function trial(rule: Rule, seconds: number): Promise<Result> {
  const hub = new Program('hub', rule.name, `${seconds}`);
  const { address } = await hub.tells('ready');
  const worker = new Program('worker', address);
  try {
    const began = performance.now();
    const { sum, verdicts, worstBeatMs } = await hub.tells('offered');
    const { handled, repeated } = await drained(worker);
    const judgedAt = began + 1_000 * Math.min(10, seconds / 2);
    const memory = { hub: memoryOf(hub.memory, judgedAt), worker: memoryOf(worker.memory, judgedAt) };
    const wrong = [
      ...(rule.closes(sum, handled) ? [] : ['the sum does not close']),
      ...(repeated > 0 ? [`${repeated} handled twice`] : []),
      ...verdicts,
      ...Object.entries(memory)
        .filter(([, { before, most }]) => most - before > mostGrowthMB)
        .map(([name]) => `the memory of the ${name} grew`),
    ];
    return { rule, sum, handled, ...memory, worstBeatMs, wrong };
  } finally {
    await worker.end();
    await hub.end();
  }
}

/** Waits until nothing more comes. */
async function drained(worker: Program) {
  let last = await worker.handled();
  for (let waitedMs = 0; waitedMs < drainMs; waitedMs += 1_000) {
    await sleep(1_000);
    const now = await worker.handled();
    if (now.handled === last.handled) return now;
    last = now;
  }
  return last;
}

function memoryOf(samples: readonly Sample[], judgedAt: number): Memory {
  const before = samples.findLast(({ at }) => at <= judgedAt) ?? samples[0];
  const after = samples.filter(({ at }) => at >= judgedAt).map(({ bytes }) => bytes);
  return { before: (before?.bytes ?? 0) / MB, most: Math.max(...after) / MB };
}
