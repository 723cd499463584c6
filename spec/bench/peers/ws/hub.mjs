import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { sideOf } from './socket.mjs';

export async function open() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const side = once(server, 'connection').then(([socket]) =>
    sideOf(socket, () => {
      socket.terminate();
      server.close();
    }),
  );
  return { address: `ws://127.0.0.1:${server.address().port}`, side };
}
