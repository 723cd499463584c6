import { BusError } from '../errors/bus-error.js';
import { positive } from '../session/option.js';
import type { Roster } from './roster.js';

/** Resolves once that many workers are ready; rejects with `timeout` after `timeoutMs`, and with `closed`. */
export async function untilReady(roster: Roster, count: number, timeoutMs: number): Promise<void> {
  if (timeoutMs !== Number.POSITIVE_INFINITY) positive(timeoutMs, 'timeoutMs');
  const ready = () => [...roster.members.values()].filter((member) => member.ready).length;
  await roster.until(
    () => ready() >= count || undefined,
    timeoutMs,
    () => new BusError('timeout', `${ready()} of ${count} workers were ready within ${timeoutMs} ms`),
  );
}
