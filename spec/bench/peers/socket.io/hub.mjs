import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import parser from 'socket.io-msgpack-parser';
import { sideOf } from './side.mjs';

export async function open() {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'], parser, maxHttpBufferSize: 64 * 1024 * 1024 });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const side = new Promise((resolve) => {
    server.on('connection', (socket) => resolve(sideOf(socket, () => server.close())));
  });
  return { address: `http://127.0.0.1:${http.address().port}`, side };
}
