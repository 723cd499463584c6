import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';

/**
 * A gRPC server with one method, a stream both ways of plain bytes, for one client.
 * @param {string} path
 * @param {(call: import('node:stream').Duplex, close: () => void) => import('./contestants.mjs').Side} sideOf
 * @param {(server: Server) => void} prepare called once it listens
 */
export async function serve(path, sideOf, prepare = () => {}) {
  const server = new Server();
  const bytes = (/** @type {Buffer} */ value) => value;
  const stream = {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
  };
  /** @type {Promise<import('./contestants.mjs').Side>} */
  const side = new Promise((resolve) => {
    server.addService(
      { attach: { ...stream, responseSerialize: bytes, responseDeserialize: bytes } },
      {
        attach(call) {
          // Until the server has answered, the client keeps what it sent for another attempt, up to 1 MiB.
          call.sendMetadata(new Metadata());
          resolve(sideOf(call, () => server.forceShutdown()));
        },
      },
    );
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  prepare(server);
  return { address: `127.0.0.1:${port}`, side };
}
