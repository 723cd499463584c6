import { any, createHub, handler, type WorkerInfo } from 'drumline';
import { produce } from './burst.js';
import { obey, part, tell } from './commands.js';
import { Die, Numbers, Render, Wait, Who } from './contract.js';
import { endingsOf } from './endings.js';
import { counters, plugins } from './plugins.js';
import type { Row } from './report.js';
import { beat, hubVersion } from './setting.js';
import { sleep, textOf } from './text.js';
import { Watch } from './watch.js';

const tableMs = 150;

const hub = createHub({
  listen: process.env.FLEET_LISTEN ?? '127.0.0.1:0',
  version: hubVersion,
  beat,
  plugins,
  outbox: { capacity: 1_024 },
  log: { debug() {}, info() {}, warn: (text) => said(text), error: (text) => said(text) },
  handlers: [
    handler(Wait, async ({ payload: { ms } }, { signal }) => {
      const begin = performance.now();
      await sleep(ms, signal);
      return { ms: performance.now() - begin, pid: process.pid };
    }),
  ],
});

const me = { hub: process.pid };
const refused: (string | undefined)[] = [];
let watch: Watch | undefined;

const commands = {
  ready: ({ count }: { count: number }) => hub.waitFor(count),
  census: (_: null) => hub.census(),
  /** Begins to look at the workers all the time. */
  watch: (_: null) => {
    watch = new Watch(hub);
  },
  watched: (_: null) => watch?.end() ?? [],
  /** One slow request to each, all at once; gives how long the handlers waited by the workers' own clocks. */
  wait: async ({ ids, ms }: { ids: readonly string[]; ms: number }) =>
    Promise.all(ids.map((id) => hub.request(id, Wait, { ms }))),
  burst: (task: { id: string; messages: number }) => produce(hub, task),
  who: ({ id }: { id: string }) => hub.request(id, Who, me),
  whoever: async ({ requests }: { requests: number }) =>
    Promise.all(Array.from({ length: requests }, () => hub.request(any(), Who, me))),
  numbers: async ({ id, count }: { id: string; count: number }) => {
    const items: number[] = [];
    await hub.stream(id, Numbers, { count }).forEach((item) => void items.push(item));
    return { received: items.length, inOrder: items.every((item, i) => item === i) };
  },
  /** Has a worker kill itself while requests to it are in flight. */
  doom: async ({ id, calls, ms }: { id: string; calls: number; ms: number }) => {
    const endings = endingsOf(Array.from({ length: calls }, () => hub.request(id, Wait, { ms })));
    await hub.request(id, Who, me);
    hub.publish(id, Die, undefined);
    return endings;
  },
  /** How often this worker was refused. */
  refusals: ({ id }: { id: string }) => refused.filter((worker) => worker === id).length,
  metricsAt: (_: null) => `http://${counters.address()}/metrics`,
  /** When so many handlers run: what was sent has arrived. */
  running: async ({ count }: { count: number }) => {
    await until(() => hub.stats().lane.running >= count);
    return hub.stats().lane.running;
  },
  /** When beats of a thread come from this worker, or it is clear that none will. */
  pulsing: async ({ id }: { id: string }) => {
    const open = () => hub.explain(id).pulse?.open === true;
    await until(open);
    return open();
  },
  /** Has a worker compute; gives the reply, or how the request ended without one. */
  render: async ({ id, ms }: { id: string; ms: number }) => {
    try {
      return { reply: await hub.request(id, Render, { ms }, { timeoutMs: Number.POSITIVE_INFINITY }) };
    } catch (thrown) {
      return { failed: textOf(thrown) };
    }
  },
  /** When the worker's grade is this one, or it is clear that it will not be; gives the story in either case. */
  graded: async ({ id, grade }: { id: string; grade: WorkerInfo['liveness'] }) => {
    await until(() => hub.explain(id).liveness === grade);
    return hub.explain(id);
  },
  delivery: (_: null) => hub.stats().delivery,
  explain: ({ id }: { id: string }) => hub.explain(id),
  leave: async (_: null) => {
    clearInterval(table);
    await hub.close();
    part();
  },
};
export type HubCommands = typeof commands;

const said = (text: string) => tell({ tell: 'said', text });

/** Looks until it is so, or for 10 s. */
async function until(isSo: () => boolean): Promise<void> {
  for (let looks = 0; looks < 400 && !isSo(); looks += 1) await sleep(25);
}

const rows = (): Row[] =>
  [...hub.workers.values()].map(({ id, version = '', agreement, liveness, stalledBy, load }) => ({
    id,
    version,
    degraded: agreement.degraded,
    liveness,
    stalledBy,
    stillMs: load.stillMs ?? 0,
    inFlight: load.inFlight,
    handled: load.handled,
    lateMs: load.lateMs,
  }));

hub.events$.subscribe(({ kind, worker, cause, error }) => {
  const who = worker ?? (kind === 'refused' ? 'somebody' : 'it');
  // What the quota refuses comes by the dozen, and is counted.
  if (error?.code !== 'overflow') said(`${who} ${kind}: ${cause}`);
  if (kind === 'refused') refused.push(worker);
  // Whoever joins is served at once.
  if (kind === 'joined' && worker !== undefined) hub.request(worker, Who, me).catch(() => {});
});
const table = setInterval(() => tell({ tell: 'rows', rows: rows() }), tableMs);
obey(commands);
tell({ tell: 'listening', address: await hub.start() });
