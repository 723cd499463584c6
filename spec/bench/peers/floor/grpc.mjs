// A gRPC connection with the windows that are good for it, on both ends.
import { Client, credentials } from '@grpc/grpc-js';

export const path = '/bench.Floor/Attach';
const windowBytes = 1024 * 1024;
const bytes = (/** @type {Buffer} */ value) => value;

/** The server has no option for its windows: they are set on each session as it begins. */
export function widen(server) {
  for (const http2Server of server.http2Servers.keys()) {
    http2Server.on('session', (session) => {
      session.settings({ initialWindowSize: windowBytes });
      session.setLocalWindowSize(windowBytes);
    });
  }
}

/** A stream over a connection of its own. */
export function dial(/** @type {string} */ address) {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc-node.flow_control_window': windowBytes,
    // Otherwise a write counts as done once it lies in a buffer for retries, up to 1 MiB before it leaves.
    'grpc.per_rpc_retry_buffer_size': 0,
  });
  return { call: client.makeBidiStreamRequest(path, bytes, bytes), close: () => client.close() };
}
