import { BusError } from 'drumline/plugin';
import { textOf } from './crew.js';
import type { Thread } from './thread.js';

/** What became of a message whose thread ended while it had it, or could not be started. */
export function lossOf(type: string, thrown: unknown, thread: Thread | undefined): BusError {
  const lost = (end: string, text: string, more: object = {}) =>
    new BusError('handler-failed', text, { details: { type, thread: end, ...more }, cause: thrown });
  if (thread === undefined)
    return lost('not-started', `no thread could be started for '${type}': ${textOf(thrown)}`);
  const { exitCode } = thread;
  if (exitCode === undefined)
    return lost('not-sent', `a message of '${type}' cannot go into a thread: ${textOf(thrown)}`);
  if ((thrown as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return lost('out-of-memory', `the handler of '${type}' ran out of the memory that its thread may have`);
  if (textOf(thrown) === `worker exited with code: ${exitCode}`)
    return lost('exited', `the thread of the handler of '${type}' ended with exit code ${exitCode}`, {
      exitCode,
    });
  return lost('crashed', `the thread of the handler of '${type}' crashed: ${textOf(thrown)}`);
}
