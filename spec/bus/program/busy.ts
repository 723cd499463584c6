// Workers in a process of their own, whose handlers keep the event loop as long as they are asked to. Told by argv what
// they are; tells its parent what happens.
import {
  createWorker,
  definePlugin,
  type HandlerMessage,
  handler,
  type WorkerOptions,
} from '../../../lib/index.js';

interface Argument extends Omit<WorkerOptions, 'id'> {
  readonly ids: readonly string[];
}

const { ids, ...options } = JSON.parse(process.argv[2] ?? '{}') as Argument;
const tell = (message: object) => void (process.connected && process.send?.(message, () => {}));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let threads = 0;
process.on('worker', () => {
  threads += 1;
});

const compute = (type: string, { payload }: HandlerMessage) => {
  tell({ running: type, at: Date.now() });
  const until = performance.now() + (payload as number);
  let sum = 0;
  while (performance.now() < until) sum += Math.sqrt(sum + 1);
  return 'rendered';
};

const still = new Int32Array(new SharedArrayBuffer(4));

const studio = definePlugin({
  manifest: { name: 'studio', version: '1.0.0', engines: { drumline: '*' } },
  contributes: {
    handlers: [
      handler('render.frame', (message) => compute('render.frame', message)),
      handler('render.scene', async (message) => {
        await sleep(50);
        return compute('render.scene', message);
      }),
      // Holds the event loop and needs no processor: a disk, a lock, another program.
      handler('wait.disk', ({ payload }) => {
        tell({ running: 'wait.disk', at: Date.now() });
        Atomics.wait(still, 0, 0, payload as number);
        return 'written';
      }),
    ],
  },
});

const seen = new Map<string, number>();

const workers = ids.map((id) => {
  const worker = createWorker({
    ...options,
    id,
    plugins: [studio],
    // What a spec finds a link by, among the connections of this process.
    labels: { of: 'main link' },
    reconnect: { initialMs: 50, maxMs: 500 },
    log: { debug() {}, info() {}, warn() {}, error: (text) => tell({ error: text }) },
    handlers: [
      handler('echo', ({ payload }) => payload),
      handler('pid', () => process.pid),
      handler('threads', () => threads),
      handler('count', ({ payload }) => {
        const name = String(payload);
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }),
      handler('counts', () => Object.fromEntries(seen)),
      handler('hang', () => {
        tell({ running: 'hang', at: Date.now() });
        return new Promise(() => {});
      }),
      handler('tail', async function* () {
        yield 1;
        await new Promise(() => {});
      }),
    ],
  });
  worker.events$.subscribe(({ kind, cause, epoch, at }) => tell({ id, kind, cause, epoch, at }));
  return worker;
});

/** Sends so many of each type, and waits for none. */
process.on('message', ({ types, count }: { types: readonly string[]; count: number }) => {
  for (const worker of workers)
    for (const type of types)
      for (let n = 0; n < count; n++) worker.send(type, n, { timeoutMs: 120_000 }).catch(() => {});
});
process.on('disconnect', () => process.exit());
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (thrown: unknown) => {
    tell({ uncaught: String(thrown) });
    process.exit(70);
  });
await Promise.all(workers.map((worker) => worker.start({ timeoutMs: 30_000 })));
tell({ ready: true });
