// A worker in a process of its own. Told by argv what it is; tells its parent what happens.
import { createWorker, handler, type WorkerOptions } from '../../../lib/index.js';
import { double } from './double.js';

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const tell = (message: object) => void (process.connected && process.send?.(message, () => {}));
const counts: Record<string, number> = {};

const worker = createWorker({
  ...options,
  reconnect: { initialMs: 10, maxMs: 200 },
  handlers: [
    handler('echo', ({ payload }) => payload),
    handler('pid', () => process.pid),
    handler('double', double),
    handler('double at hub', ({ payload }) => worker.request('hub.double', payload)),
    handler('boom', () => {
      throw new Error('boom');
    }),
    handler('nap', async ({ payload }) => {
      await new Promise((resolve) => setTimeout(resolve, payload as number));
      return 'awake';
    }),
    handler('count', ({ payload }) => {
      const name = String(payload);
      counts[name] = (counts[name] ?? 0) + 1;
    }),
    handler('counts', () => counts),
    handler('ask hub', ({ payload }) => worker.request('hub.echo', payload)),
    handler('hang', (_, { signal }) => {
      tell({ running: 'hang' });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          tell({ aborted: 'hang' });
          reject(signal.reason);
        });
      });
    }),
  ],
});
worker.events$.subscribe(({ kind, cause, epoch, type }) => tell({ kind, cause, epoch, type }));
process.on('disconnect', () => process.exit());
process.on('uncaughtException', (thrown) => {
  tell({ uncaught: String(thrown) });
  process.exit(70);
});
await worker.start({ timeoutMs: 10_000 });
tell({ ready: true });
