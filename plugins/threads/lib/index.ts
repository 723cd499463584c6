export type { ResourceLimits, ThreadsOptions } from './option.js';
export { threads } from './threads.js';
