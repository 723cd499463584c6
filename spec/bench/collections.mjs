import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const reportedWithinMs = 100;
let minor = 0;
/** @type {PerformanceObserver | undefined} */
let observer;

/** How many minor collections of garbage there were since it was first asked. They are reported a little later. */
export async function collections() {
  if (observer === undefined) {
    observer = new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) {
        if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) minor++;
      }
    });
    observer.observe({ entryTypes: ['gc'] });
  }
  await sleep(reportedWithinMs);
  return minor;
}
