import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { fleetOfLinks } from '../fleet-of-links.mjs';

/** @returns {import('../fleet-of-links.mjs').Link} */
function linkOf(/** @type {WebSocket} */ socket) {
  socket.binaryType = 'nodebuffer';
  socket.on('error', () => {});
  return {
    send: (frame) => socket.send(frame),
    receive: (hear) => socket.on('message', hear),
    onClose: (act) => socket.on('close', act),
    close: () => socket.terminate(),
  };
}

async function listen(port, accept) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false });
  server.on('connection', (socket) => accept(linkOf(socket)));
  await once(server, 'listening');
  return { address: `ws://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function dial(/** @type {string} */ address) {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await once(socket, 'open');
  return linkOf(socket);
}

export const { openHub, openWorker } = fleetOfLinks(listen, dial);
