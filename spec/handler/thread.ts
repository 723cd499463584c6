// The thread of the executor beside this file: imports one function, calls it once, and tells what it gave.
import { parentPort, workerData } from 'node:worker_threads';

const { module, name, message } = workerData;
const exports = await import(module);
parentPort?.postMessage(await exports[name](message));
