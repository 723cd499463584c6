// A hub in a process of its own, with traffic to its workers. Told by argv what it is, and by its parent what to do.
import { createHub, type HubOptions } from '../../../lib/index.js';
import { Cargo } from './cargo.js';
import { commandsOf } from './commands.js';
import { obey } from './obey.js';
import { Seen } from './seen.js';

const options = JSON.parse(process.argv[2] ?? '{}') as HubOptions;
const seen = new Seen();
const cargo = new Cargo();
const events: string[] = [];
const timeoutMs = 90_000;

const hub = createHub({ ...options, handlers: [...seen.handlers, ...cargo.handlers] });
hub.events$.subscribe(({ kind, worker }) => events.push(`${kind} ${worker}`));

obey({
  start: () => hub.start(),
  complete: (count: number) => hub.waitFor(count, { timeoutMs: 5_000 }),
  ...commandsOf({
    seen,
    cargo,
    events,
    stats: () => hub.stats(),
    wayTo: (id) => ({
      publish: (type, payload) => hub.publish(id, type, payload),
      send: (type, payload) => hub.send(id, type, payload, { timeoutMs }),
      request: (type, payload) => hub.request(id, type, payload, { timeoutMs }),
      stream: (type, payload) => hub.stream(id, type, payload, { timeoutMs }),
    }),
  }),
});
