import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fleetOfLinks } from '../fleet-of-links.mjs';
import { lengthBytes, split } from './split.mjs';

/** @returns {import('../fleet-of-links.mjs').Link} */
function linkOf(/** @type {import('node:net').Socket} */ socket) {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  return {
    send(frame) {
      const length = Buffer.allocUnsafe(lengthBytes);
      length.writeUInt32LE(frame.length);
      socket.cork();
      socket.write(length);
      socket.write(frame);
      socket.uncork();
    },
    receive: (hear) =>
      socket.on(
        'data',
        split((from, begin, end) => hear(from.subarray(begin, end))),
      ),
    onClose: (act) => socket.on('close', act),
    close: () => void socket.destroy(),
  };
}

async function listen(port, accept) {
  const server = createServer((socket) => accept(linkOf(socket))).listen(port, '127.0.0.1', 4096);
  await once(server, 'listening');
  return { address: `127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function dial(/** @type {string} */ address) {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  return linkOf(socket);
}

export const { openHub, openWorker } = fleetOfLinks(listen, dial);
