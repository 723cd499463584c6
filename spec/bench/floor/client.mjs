import { Client, credentials } from '@grpc/grpc-js';
import { bytes, http2WindowBytes, Pipe, path } from './pipe.mjs';

export async function open(/** @type {string} */ address) {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc-node.flow_control_window': http2WindowBytes,
    // Otherwise a write counts as done once it lies in a buffer for retries, up to 1 MiB before it leaves.
    'grpc.per_rpc_retry_buffer_size': 0,
  });
  return new Pipe(client.makeBidiStreamRequest(path, bytes, bytes), () => client.close());
}
