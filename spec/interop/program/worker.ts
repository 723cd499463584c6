// node worker.js ADDRESS: a worker with the defaults, in a process of its own.
import { createWorker } from '../../../lib/index.js';
import { handlers, obey, tell, tellEvent } from './duty.js';

const [hub = ''] = process.argv.slice(2);
const worker = createWorker({ hub, id: 'w1', version: '1.0.0', handlers });
worker.events$.subscribe(tellEvent);
obey((type, payload) => worker.request(type, payload, { timeoutMs: 100_000 }));
await worker.start();
tell({ kind: 'ready', address: '' });
