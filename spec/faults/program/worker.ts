// A worker in a process of its own, with traffic to its hub. Told by argv what it is, and by its parent what to do.
import { createWorker, type WorkerOptions } from '../../../lib/index.js';
import { Cargo } from './cargo.js';
import { commandsOf } from './commands.js';
import { obey } from './obey.js';
import { Seen } from './seen.js';

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const seen = new Seen();
const cargo = new Cargo();
const events: string[] = [];
const timeoutMs = 90_000;

const worker = createWorker({
  ...options,
  reconnect: { initialMs: 10, maxMs: 200 },
  log: { debug() {}, info() {}, warn() {}, error: (text) => console.error(text) },
  handlers: [...seen.handlers, ...cargo.handlers],
});
worker.events$.subscribe(({ kind }) => events.push(kind));

obey({
  start: () => worker.start({ timeoutMs: 10_000 }),
  ...commandsOf({
    seen,
    cargo,
    events,
    stats: () => worker.stats(),
    wayTo: () => ({
      publish: (type, payload) => worker.publish(type, payload),
      send: (type, payload) => worker.send(type, payload, { timeoutMs }),
      request: (type, payload) => worker.request(type, payload, { timeoutMs }),
      stream: (type, payload) => worker.stream(type, payload, { timeoutMs }),
    }),
  }),
});
