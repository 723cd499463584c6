// A hub with the defaults, in a process of its own.
import { createHub } from '../../../lib/index.js';
import { handlers, obey, tell, tellEvent } from './duty.js';

const hub = createHub({ version: '1.0.0', handlers });
hub.events$.subscribe(tellEvent);
const address = await hub.start();
obey((type, payload) => hub.request('w1', type, payload, { timeoutMs: 100_000 }));
tell({ kind: 'ready', address });
