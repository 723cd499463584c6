import { metrics } from '@drumline/metrics';
import { firstOf, range, unreadable, versionPolicy } from '@drumline/version-policy';
import type { Plugin } from 'drumline';
import { quota } from 'drumline-quota';
import { letIn, plans, quotaWindowMs } from './setting.js';

/** Tells whoever asks over HTTP what the hub counts. Knows its address once the hub has started. */
export const counters = metrics({ listen: '127.0.0.1:0' });

/** What the hub is made of. The counters stand first, so that they see what the quota refuses. */
export const plugins: readonly Plugin[] = [
  counters,
  versionPolicy(firstOf(range(letIn), unreadable())),
  quota({ plans, fallback: 'crew', windowMs: quotaWindowMs }),
];
