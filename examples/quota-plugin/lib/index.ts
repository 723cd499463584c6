export { METER, Meter, QuotaUsage, type Usage } from './meter.js';
export { type Quota, type QuotaOptions, quota } from './quota.js';
