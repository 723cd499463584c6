import { randomBytes } from 'node:crypto';
import type { Stats } from '../../../lib/index.js';
import { sleep } from '../../bus/moment.js';
import type { Cargo } from './cargo.js';
import type { Seen } from './seen.js';
import { digest } from './seen.js';
import { Traffic, type Way } from './traffic.js';

/** What both programs do when their spec asks. */
export function commandsOf(own: {
  readonly seen: Seen;
  readonly cargo: Cargo;
  readonly events: string[];
  wayTo(peer: string): Way;
  stats(): Stats;
}) {
  const { seen, events, wayTo } = own;
  const traffics = new Map<string, Traffic>();
  const timed = async (call: () => Promise<unknown>) => {
    const begin = performance.now();
    await call();
    return Math.round(performance.now() - begin);
  };
  return {
    begin({ peer, open }: { peer: string; open: number }) {
      const traffic = traffics.get(peer) ?? new Traffic(wayTo(peer), open);
      traffics.set(peer, traffic);
      traffic.begin();
    },
    burst: ({ peer, count }: { peer: string; count: number }) => traffics.get(peer)?.burst(count),
    started: (peer: string) => traffics.get(peer)?.started ?? 0,
    book: (peer: string) => traffics.get(peer)?.book,
    async stop(peer: string) {
      const traffic = traffics.get(peer) as Traffic;
      await traffic.stop();
      return traffic.book;
    },
    seen: (peer: string) => seen.of(peer),
    events: () => events,
    'worst beat': () => own.stats().beats.worstMs,
    held() {
      const { memory, reassembly } = own.stats();
      return { memory: memory.usedBytes, reassembly: reassembly.usedBytes };
    },
    ...own.cargo.commands(wayTo),
    async large({ peer, count, bytes }: { peer: string; count: number; bytes: number }) {
      const way = wayTo(peer);
      return Promise.all(
        Array.from({ length: count }, () =>
          timed(async () => {
            const payload = randomBytes(bytes);
            if ((await way.request('digest', payload)) !== digest(payload))
              throw new Error('other bytes came than were sent');
          }),
        ),
      );
    },
    async small({ peer, ms }: { peer: string; ms: number }) {
      const way = wayTo(peer);
      const until = performance.now() + ms;
      const took: number[] = [];
      while (performance.now() < until) {
        took.push(await timed(() => way.request('small', took.length)));
        await sleep(50);
      }
      return took;
    },
  };
}
