// A hub in a process of its own that can be held up. Told by argv what it is; tells its parent what happens.
import { createHub, type HubOptions } from '../../../lib/index.js';

const options = JSON.parse(process.argv[2] ?? '{}') as HubOptions;
const tell = (message: object) => void (process.connected && process.send?.(message, () => {}));

const hub = createHub({
  ...options,
  log: { debug() {}, info() {}, warn() {}, error: (text) => console.error(text) },
});
hub.events$.subscribe(({ kind, worker, cause, at, afterMs }) => tell({ kind, worker, cause, at, afterMs }));
const said = {
  /** Turns no event loop for so long. */
  hold(ms: number) {
    const from = Date.now();
    while (Date.now() < from + ms);
    tell({ held: true, from, to: Date.now() });
  },
  /** Tells what was ever said of each worker. */
  stories() {
    const stories = [...hub.workers.keys()].map((id) => [
      id,
      hub.explain(id).transitions.map(({ to, cause }) => `${to} ${cause}`),
    ]);
    tell({ stories: Object.fromEntries(stories) });
  },
  pulses: () => tell({ pulses: hub.stats().beats.pulses }),
};
process.on('message', ({ hold, ask }: { hold?: number; ask?: 'stories' | 'pulses' }) => {
  if (hold !== undefined) said.hold(hold);
  if (ask !== undefined) said[ask]();
});
process.on('disconnect', () => process.exit());
tell({ ready: true, address: await hub.start() });
