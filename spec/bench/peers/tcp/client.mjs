import { once } from 'node:events';
import { connect } from 'node:net';
import { sideOf } from './wire.mjs';

export async function open(/** @type {string} */ address) {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  return sideOf(socket, () => void socket.destroy());
}
