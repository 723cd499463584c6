import { once } from 'node:events';
import { WebSocket } from 'ws';
import { sideOf } from './socket.mjs';

export async function open(/** @type {string} */ address) {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await once(socket, 'open');
  return sideOf(socket, () => socket.terminate());
}
