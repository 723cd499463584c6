// A process that has nothing yet: imports a contestant and opens one worker.
import { answer, now } from './commands.mjs';

const collect = globalThis.gc ?? (() => {});
const megabytes = () => {
  collect();
  return process.memoryUsage().rss / 2 ** 20;
};

let worker;
answer({
  async start({ module, address, pulse }) {
    const before = megabytes();
    const began = now();
    const { openWorker } = await import(module);
    const importMs = now() - began;
    const importMB = megabytes() - before;
    const dialled = now();
    worker = await openWorker(address, 'starting', { receive() {}, pulse });
    const joinMs = now() - dialled;
    return { importMs, importMB, joinMs, workerMB: megabytes() - before };
  },
  close: () => worker?.close(),
});
