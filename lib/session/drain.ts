import { BusError } from '../errors/bus-error.js';
import type { Clock } from '../time/clock.js';
import { until } from '../time/until.js';
import { positive } from './option.js';

/** What is to be drained. */
export interface Drainable {
  /** For the text of the error: `the hub`. */
  readonly name: string;
  readonly clock: Clock;
  /** Takes no new work. */
  drain(): void;
  /** Whether nothing is under way. */
  settled(): boolean;
  close(): Promise<void>;
}

/** Drains and closes. Past `deadlineMs` it closes all the same and rejects with `timeout`. */
export async function drain(drainable: Drainable, deadlineMs: number): Promise<void> {
  if (deadlineMs !== Number.POSITIVE_INFINITY) positive(deadlineMs, 'deadlineMs');
  drainable.drain();
  const settled = await until(drainable.clock, () => drainable.settled(), deadlineMs);
  await drainable.close();
  if (settled) return;
  const text = `${drainable.name} was not drained within ${deadlineMs} ms: it is closed all the same`;
  throw new BusError('timeout', text);
}
