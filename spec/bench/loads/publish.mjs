import { now } from '../commands.mjs';

/** Sends `count` messages, each as soon as there is room, and no more than `aTurn` in one turn of the event loop. */
export async function publishAll(side, payloads, count, aTurn = Number.POSITIVE_INFINITY) {
  const began = now();
  for (let n = 0, left = aTurn; n < count; n++) {
    const room = side.publish(payloads[n % payloads.length]);
    if (room !== undefined) await room;
    if (--left > 0) continue;
    left = aTurn;
    await new Promise(setImmediate);
  }
  return { began };
}

const each = 256;

/** Sends for so long; gives how many. A side that always has room gets its turns all the same. */
export async function publishFor(side, payloads, until) {
  let n = 0;
  while (performance.now() < until) {
    for (const end = n + each; n < end; n++) {
      const room = side.publish(payloads[n % payloads.length]);
      if (room !== undefined) await room;
    }
    await new Promise(setImmediate);
  }
  return n;
}
