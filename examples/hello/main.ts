// A hub and a worker in one process; over the network only the address changes.
import { any, createHub, createWorker, defineMessage, handler, type StreamOf } from 'drumline';

const Greet = defineMessage<{ name: string }, string>('greet');
const Count = defineMessage<number, StreamOf<number>>('count');

const hub = createHub({ listen: '127.0.0.1:0' });
const address = await hub.start();

const worker = createWorker({
  hub: address,
  id: 'w1',
  handlers: [
    handler(Greet, ({ payload }) => `Hello, ${payload.name}!`),
    handler(Count, async function* ({ payload }) {
      for (let n = 1; n <= payload; n += 1) yield n;
    }),
  ],
});
await worker.start();

console.log(await hub.request('w1', Greet, { name: 'Ada' }));
await hub.stream(any(), Count, 3).forEach(console.log);

await worker.close();
await hub.close();
