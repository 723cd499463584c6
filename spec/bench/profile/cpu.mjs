import { readFileSync } from 'node:fs';

/**
 * What the scheduler of Linux says of the main thread: nanoseconds on a core, and ready but without one. Nothing elsewhere.
 * @returns {{ ran: number, waited: number } | undefined}
 */
function mainThread() {
  try {
    const [ran, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    return { ran, waited };
  } catch {
    return undefined;
  }
}

/** Begins to count CPU; what it gives tells the microseconds since, of the main thread and of all other ones. */
export function countCpu() {
  const process0 = process.cpuUsage();
  const main0 = mainThread();
  return () => {
    const { user, system } = process.cpuUsage(process0);
    const main = mainThread();
    if (main === undefined || main0 === undefined) return {};
    const ran = (main.ran - main0.ran) / 1e3;
    return { main: ran, others: user + system - ran, queued: (main.waited - main0.waited) / 1e3 };
  };
}
