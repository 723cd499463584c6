// What a user writes first, through all three doors. Installed from the packed package, not from here.
import { all, BusError, createHub, createWorker, defineMessage, handler } from 'drumline';
import { definePlugin } from 'drumline/plugin';
import { memoryNetwork, virtualClock } from 'drumline/testing';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
const Config = defineMessage<{ quality: string }>('config');

const renderer = definePlugin({
  manifest: { name: 'renderer', version: '1.0.0', engines: { drumline: '>=0.1.0' } },
  contributes: { handlers: [handler(Render, async (message) => ({ ms: message.payload.frame + 5 }))] },
});

const hub = createHub({ listen: '127.0.0.1:0', version: '1.0.0' });
const address = await hub.start();
const worker = createWorker({ hub: address, id: 'w1', version: '1.0.0', plugins: [renderer] });
await worker.start();

hub.publish(all(), Config, { quality: 'high' });
const { ms }: { ms: number } = await hub.request('w1', Render, { frame: 7 });
// @ts-expect-error a frame is a number
const wrong = await hub.request('w1', Render, { frame: '7' }).then(String, String);
const lost = await hub.request('w2', Render, { frame: 7 }).catch((error: unknown) => error);

await worker.close();
await hub.close();

const doors = [memoryNetwork, virtualClock].every((door) => typeof door === 'function');
const proto = import.meta.resolve('drumline/proto/drumline/v1/bus.proto').endsWith('bus.proto');
if (!doors || !proto || wrong === '' || !BusError.is(lost, 'unknown-worker'))
  throw new Error('not as it should be');
console.log(`frame 7 took ${ms} ms`);
