import { BusError, createWorker, handler } from 'drumline';
import { obey, part, tell } from './commands.js';
import { Count, Die, Numbers, Render, Wait, Who } from './contract.js';
import { endingsOf } from './endings.js';
import { burst, lane } from './setting.js';
import { Tally } from './tally.js';
import { sleep, textOf } from './text.js';

const { FLEET_HUB: hub = '', FLEET_ID: id = '', FLEET_VERSION: version, FLEET_PLAN: plan = '' } = process.env;

const tally = new Tally();
let links = 0;
let worries = 0;
let numbered = 0;

const worker = createWorker({
  hub,
  id,
  ...(version === undefined ? {} : { version }),
  labels: { plan },
  lane,
  log: { debug() {}, info() {}, warn: (text) => said(text), error: (text) => said(text) },
  handlers: [
    handler(Wait, async ({ payload: { ms } }, { signal }) => {
      const begin = performance.now();
      await sleep(ms, signal);
      return { ms: performance.now() - begin, pid: process.pid };
    }),
    handler(
      Count,
      async ({ payload: { n } }) => {
        tally.started();
        await sleep(burst.handlerMs);
        tally.ended(n);
      },
      {
        concurrency: lane.concurrency,
        // A key is asked for at the door of the lane, before the message waits: so arrivals can be counted.
        key({ n }) {
          tally.arrived();
          return n;
        },
      },
    ),
    handler(Who, ({ payload }) => {
      tell({ tell: 'served', by: payload.hub, pid: process.pid });
      return { id, pid: process.pid };
    }),
    handler(Numbers, async function* numbers({ payload: { count } }) {
      for (let n = 0; n < count; n++) {
        numbered += 1;
        yield n;
      }
    }),
    handler(Render, ({ payload: { ms } }) => {
      const begin = performance.now();
      for (let colour = 0; performance.now() - begin < ms; ) colour = Math.sin(colour + 1);
      return { ms: performance.now() - begin, pid: process.pid };
    }),
    handler(Die, () => {
      process.kill(process.pid, 'SIGKILL');
    }),
  ],
});

const commands = {
  /** What this process counted itself. */
  counts: (_: null) => ({ ...tally.counts, numbered, links, worries }),
  /** Requests to the hub, all at once; gives how long the hub's handlers waited by the hub's own clock. */
  wait: async ({ calls, ms }: { calls: number; ms: number }) => {
    const waits = Array.from({ length: calls }, () => worker.request(Wait, { ms }));
    return Promise.all(waits);
  },
  /** The same; gives how each of them ended. */
  call: ({ calls, ms }: { calls: number; ms: number }) =>
    endingsOf(Array.from({ length: calls }, () => worker.request(Wait, { ms }))),
  delivery: (_: null) => worker.stats().delivery,
  leave: async (_: null) => {
    await worker.close();
    part();
  },
};
export type WorkerCommands = typeof commands;

const said = (text: string) => tell({ tell: 'said', text });

worker.events$.subscribe(({ kind, cause }) => {
  if (kind === 'connected') links += 1;
  if (kind === 'suspect' || kind === 'disconnected') worries += 1;
  // The rest of its own view is the hub's story once more.
  if (['suspect', 'recovered', 'degraded', 'refused', 'unreachable'].includes(kind)) return;
  said(`${kind}: ${cause}`);
});
obey(commands);
try {
  const { degraded, reasons } = await worker.start();
  tell({ tell: 'joined', degraded, reasons });
} catch (thrown) {
  if (BusError.is(thrown, 'handshake-refused')) tell({ tell: 'refused', text: thrown.message });
  else said(textOf(thrown));
  process.exitCode = 1;
  part();
}
