// One subject for all workers, and one with a queue group for any of them. Workers connect to the server, not to the hub.
import { connect } from '@nats-io/transport-node';
import { startServer } from './server.mjs';

export async function openHub({ owned }) {
  const server = await startServer(owned);
  const connection = await connect({ servers: server.address });
  let joined = 0;
  connection.subscribe('joined', { callback: () => joined++ });
  await connection.flush();
  return {
    address: server.address,
    joined: () => joined,
    broadcast(payloads) {
      for (const payload of payloads) connection.publish('all', payload);
    },
    work: async (payload) => (await connection.request('any', payload, { timeout: 30_000 })).data,
    async close() {
      await connection.close();
      server.close();
    },
  };
}

export async function openWorker(/** @type {string} */ address, _id, { receive }) {
  const connection = await connect({ servers: address });
  connection.subscribe('all', { callback: (_error, message) => receive(message.data) });
  connection.subscribe('any', {
    queue: 'workers',
    callback: (_error, message) => {
      receive(message.data);
      message.respond(message.data);
    },
  });
  await connection.flush();
  connection.publish('joined');
  await connection.flush();
  return connection;
}
