import { createWorker, handler } from 'drumline';
import { Data, Echo, sideOf } from './messages.mjs';

export async function open(/** @type {string} */ address, { pulse, worker: own }) {
  const side = sideOf(
    (payload) => worker.publish(Data, payload),
    () => worker.writable(),
  );
  const worker = createWorker({
    hub: address,
    id: 'w1',
    pulse,
    handlers: [handler(Data, side.hear)],
    ...own,
  });
  await worker.start();
  return {
    ...side,
    request: (payload) => worker.request(Echo, payload),
    send: (payload) => worker.send(Data, payload),
    close: () => worker.close(),
  };
}
