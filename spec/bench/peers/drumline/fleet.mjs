import { all, any, createHub, createWorker, handler } from 'drumline';
import { beating, Data, Echo } from './messages.mjs';

// A killed hub is part of a case; each of its workers would say so.
const ignore = () => {};
const quiet = { debug: ignore, info: ignore, warn: ignore, error: console.error };

export async function openHub({ port, beats }) {
  const hub = createHub({ listen: `127.0.0.1:${port}`, ...beating({ beats }) });
  const address = await hub.start();
  return {
    address,
    joined: () => [...hub.workers.values()].filter(({ liveness }) => liveness === 'alive').length,
    broadcast(payloads) {
      for (const payload of payloads) {
        const { dropped } = hub.publish(all(), Data, payload);
        if (dropped > 0) throw new Error(`a publish was dropped for ${dropped} workers`);
      }
    },
    work: (payload) => hub.request(any(), Echo, payload),
    close: () => hub.close(),
  };
}

export async function openWorker(
  /** @type {string} */ address,
  /** @type {string} */ id,
  { receive, pulse },
) {
  const handlers = [
    handler(Data, ({ payload }) => void receive(payload)),
    handler(Echo, ({ payload }) => {
      receive(payload);
      return payload;
    }),
  ];
  const worker = createWorker({ hub: address, id, pulse, handlers, log: quiet });
  await worker.start({ timeoutMs: 300_000 });
  return worker;
}
