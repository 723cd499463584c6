const stallMs = 4000;

/**
 * Calls `stalled` once if `progress` gives the same number for four seconds: what is missing then does not come.
 * Gives the function that ends the watch.
 */
export function watch(/** @type {() => number} */ progress, /** @type {() => void} */ stalled) {
  let last = progress();
  let since = performance.now();
  const timer = setInterval(() => {
    const current = progress();
    if (current !== last) {
      last = current;
      since = performance.now();
    } else if (performance.now() - since >= stallMs) {
      clearInterval(timer);
      stalled();
    }
  }, 250);
  return () => clearInterval(timer);
}
