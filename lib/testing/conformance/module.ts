import type { HandlerMessage } from '../../handler/context.js';
import { systemClock } from '../../time/clock.js';

// Handlers that the kit has an executor run: elsewhere, so they are named by this module.

export const double = ({ payload }: HandlerMessage): number => 2 * (payload as number);

export const fail = (): never => {
  throw new Error('conformance: this module fails on purpose');
};

/** Computes for so many milliseconds. */
export const compute = ({ payload }: HandlerMessage): string => {
  const end = systemClock.now() + (payload as number);
  while (systemClock.now() < end);
  return 'done';
};
