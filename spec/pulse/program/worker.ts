// Workers in a process of their own, whose handlers hold the event loop as long as they are told to.
import { createWorker, type HandlerMessage, handler } from '../../../lib/index.js';

const { address, ids = ['w1'] }: { address: string; ids?: string[] } = JSON.parse(process.argv[2] ?? '');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const spin = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};
const ms = ({ payload }: HandlerMessage) => payload as number;
const tell = (told: object) => process.send?.(told);

let threads = 0;
process.on('worker', () => {
  threads += 1;
});
const warnings: string[] = [];
const workers = ids.map((id) => {
  const worker = createWorker({
    hub: address,
    id,
    handlers: [
      handler('spin', (message) => spin(ms(message))),
      handler('first', async () => sleep(1_000_000)),
      handler('second', async (message) => {
        await sleep(50);
        spin(ms(message));
      }),
    ],
    log: { debug() {}, info() {}, warn: (text) => warnings.push(text), error() {} },
  });
  worker.events$.subscribe(({ kind, cause }) => tell({ [kind]: cause, id }));
  return worker;
});
process.channel?.unref();
process.on('message', async (word) => {
  if (word === 'outside') spin(600);
  if (word === 'told') tell({ threads, warnings });
  if (word === 'late') {
    workers[0]?.handle('later', (message: HandlerMessage) => spin(ms(message)));
    tell({ added: true });
  }
  if (word === 'close') {
    await Promise.all(workers.map((worker) => worker.close()));
    tell({ closed: true, threads });
    process.disconnect();
  }
});
await Promise.all(workers.map((worker) => worker.start()));
tell({ ready: true });
