import { countCpu } from './cpu.mjs';
import { sample, selfTimes } from './sampler.mjs';

/**
 * Begins to watch this process, with samples or by its CPU alone. What it gives ends that, and tells what went on between
 * two moments; the CPU is that of all the time.
 */
function observe(/** @type {boolean} */ sampling) {
  const stop = sampling ? sample() : undefined;
  const cpu = countCpu();
  return (/** @type {number} */ began, /** @type {number} */ at) => {
    const used = cpu();
    return { cpu: used, functions: stop && selfTimes(stop(), began * 1e3, at * 1e3) };
  };
}

/** Commands of a process that can be watched: `observe` begins it, `observed` says what was seen. */
export function observing() {
  let observed = (/** @type {number} */ _began, /** @type {number} */ _at) => ({});
  return {
    observe({ sampling }) {
      observed = observe(sampling);
    },
    observed: ({ began, at }) => observed(began, at),
  };
}
