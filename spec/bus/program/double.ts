import type { HandlerMessage } from '../../../lib/index.js';

/** One handler, registered on the hub in one process and on a worker in another. */
export const double = ({ payload }: HandlerMessage): number => (payload as number) * 2;
