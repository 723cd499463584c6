import { connect } from '@nats-io/transport-node';
import { startServer } from './server.mjs';
import { sideOf } from './side.mjs';

export async function open({ owned }) {
  const server = await startServer(owned);
  const connection = await connect({ servers: server.address });
  const side = sideOf(connection, 'hub', 'worker', async () => {
    await connection.close();
    server.close();
  });
  // The client says when it has subscribed.
  const ready = new Promise((resolve) => {
    connection.subscribe('hub.ready', { max: 1, callback: () => resolve(side) });
  });
  await connection.flush();
  return { address: server.address, side: ready };
}
