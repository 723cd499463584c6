export { METRICS, type MetricsPlugin, metrics } from './metrics.js';
export type { MetricsOptions } from './option.js';
