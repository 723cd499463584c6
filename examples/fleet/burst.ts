import type { Hub } from 'drumline';
import { Count } from './contract.js';

/** What a producer got rid of. */
export interface Produced {
  /** Published after `writable()` had said that there is room. */
  readonly published: number;
  /** Accepted by the worker, of those that were sent. */
  readonly accepted: number;
  readonly dropped: number;
  readonly ms: number;
}

/** Gives a worker more than its lane can hold, as fast as it takes it: every other message by `publish`, the rest by `send`. */
export async function produce(
  hub: Hub,
  { id, messages }: { id: string; messages: number },
): Promise<Produced> {
  const begin = performance.now();
  const sends: Promise<void>[] = [];
  let published = 0;
  let dropped = 0;
  for (let n = 0; n < messages; n++) {
    await hub.writable(id);
    if (n % 2 === 0) {
      const result = hub.publish(id, Count, { n });
      published += result.queued;
      dropped += result.dropped;
    } else {
      const send = hub.send(id, Count, { n });
      // One that fails before the last is on its way is told at the end, with the others.
      send.catch(() => {});
      sends.push(send);
    }
  }
  await Promise.all(sends);
  return { published, accepted: sends.length, dropped, ms: performance.now() - begin };
}
