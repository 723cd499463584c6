import { once } from 'node:events';
import { createServer } from 'node:net';
import { sideOf } from './wire.mjs';

export async function open() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const side = once(server, 'connection').then(([socket]) =>
    sideOf(socket, () => {
      socket.destroy();
      server.close();
    }),
  );
  return { address: `127.0.0.1:${server.address().port}`, side };
}
