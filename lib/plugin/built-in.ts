import { BusError } from '../errors/bus-error.js';
import type { Peer } from '../handler/context.js';
import type { HubVerbs, WorkerVerbs } from '../handler/verbs.js';
import { builtIn, type Provider } from '../services/provider.js';
import type { Token } from '../services/token.js';

// Registered symbols, so that a plugin that was installed with a copy of the SDK of its own asks for the same.

/** On a hub, what sends: `services.get(HUB).publish(all(), Config, payload)`. A worker has none. */
export const HUB: Token<HubVerbs> = Symbol.for('drumline.hub') as Token<HubVerbs>;

/** On a worker, what sends to its hub. A hub has none. */
export const WORKER: Token<WorkerVerbs> = Symbol.for('drumline.worker') as Token<WorkerVerbs>;

/** In a service with scope `session`, whose session it is, as it was when the service was first asked for. */
export const PEER: Token<Peer> = Symbol.for('drumline.peer') as Token<Peer>;

/** Says that each session has a `PEER`; the session itself brings it. */
export const ofSession: Provider = builtIn(PEER, {
  scope: 'session',
  factory: () => {
    throw new BusError('plugin', 'this session has no peer');
  },
});
