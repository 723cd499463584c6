import { BusError } from '../errors/bus-error.js';

/**
 * Throws one error that has every problem, one per line, and in `details.problems` as a list: `invalid-option` if all
 * of them are of the application alone, else `plugin`.
 */
export function refuse(
  problems: readonly string[],
  ofApplication = 0,
  cause?: { readonly cause: unknown },
): void {
  if (problems.length === 0) return;
  const code = problems.length === ofApplication ? 'invalid-option' : 'plugin';
  throw new BusError(code, problems.join('\n'), { details: { problems }, ...cause });
}
