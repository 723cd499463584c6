import { createHub, handler } from 'drumline';
import { beating, Data, Echo, sideOf } from './messages.mjs';

/** `hub` and `handling`: options beyond the defaults, of the hub and of what handles messages. */
export async function open({ beatMs, beats, hub: own, handling }) {
  const side = sideOf(
    (payload) => hub.publish('w1', Data, payload),
    () => hub.writable('w1'),
  );
  const hub = createHub({
    listen: '127.0.0.1:0',
    handlers: [handler(Data, side.hear, handling), handler(Echo, ({ payload }) => payload)],
    ...beating({ beatMs, beats }),
    ...own,
  });
  const address = await hub.start();
  const joined = hub.waitFor(1, { timeoutMs: 30_000 }).then(() => ({
    ...side,
    send: (payload) => hub.send('w1', Data, payload),
    close: () => hub.close(),
  }));
  return { address, side: joined };
}
