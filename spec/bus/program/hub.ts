// A hub in a process of its own. Told by argv what it is; tells its parent what happens.
import { createHub, type HubOptions, handler } from '../../../lib/index.js';

const options = JSON.parse(process.argv[2] ?? '{}') as HubOptions;
const tell = (message: object) => void (process.connected && process.send?.(message, () => {}));
const counts: Record<string, number> = {};

const hub = createHub({
  ...options,
  handlers: [
    handler('hub.echo', ({ payload }) => payload),
    handler('hub.count', ({ payload }) => {
      const name = String(payload);
      counts[name] = (counts[name] ?? 0) + 1;
    }),
    handler('hub.counts', () => counts),
    handler('hub.hang', () => {
      tell({ running: 'hang' });
      return new Promise(() => {});
    }),
  ],
});
hub.events$.subscribe(({ kind, worker, cause, at, afterMs }) => tell({ kind, worker, cause, at, afterMs }));
process.on('disconnect', () => process.exit());
process.on('uncaughtException', (thrown) => {
  tell({ uncaught: String(thrown) });
  process.exit(70);
});
tell({ ready: true, address: await hub.start() });
