import 'reflect-metadata';
import { ClientTCP } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { Window } from '../window.mjs';

const each = 256;

/** @returns {Promise<import('../../contestants.mjs').Side>} */
export async function open(/** @type {string} */ address) {
  const client = new ClientTCP({ host: '127.0.0.1', port: Number(address) });
  await client.connect();
  const ask = async (/** @type {string} */ pattern, /** @type {Uint8Array} */ payload) =>
    Buffer.from(await firstValueFrom(client.send(pattern, base64(payload))), 'base64');
  const window = new Window(() => {});
  let sent = 0;
  await firstValueFrom(client.send('had', 0));
  return {
    publish(payload) {
      client.emit('data', base64(payload));
      sent++;
      // A server cannot speak first: the reply to a request says that what came before it has been had.
      if (sent % each === 0) client.send('had', sent).subscribe((had) => window.told(had));
      return window.sent();
    },
    request: (payload) => ask('echo', payload),
    send: (payload) => ask('send', payload),
    receive() {},
    close: () => client.close(),
  };
}

const base64 = (/** @type {Uint8Array} */ payload) =>
  Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64');
