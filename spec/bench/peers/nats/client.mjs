import { connect } from '@nats-io/transport-node';
import { sideOf } from './side.mjs';

export async function open(/** @type {string} */ address) {
  const connection = await connect({ servers: address });
  const side = sideOf(connection, 'worker', 'hub', () => connection.close());
  connection.publish('hub.ready');
  await connection.flush();
  return side;
}
