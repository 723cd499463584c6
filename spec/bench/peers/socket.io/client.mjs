import { io } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import { sideOf } from './side.mjs';

export async function open(/** @type {string} */ address) {
  const socket = io(address, { transports: ['websocket'], parser, reconnection: false });
  const side = sideOf(socket, () => void socket.disconnect());
  await new Promise((resolve, reject) => {
    socket.on('connect', () => resolve(undefined));
    socket.on('connect_error', reject);
  });
  return side;
}
