import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';

const bytes = (/** @type {Buffer} */ value) => value;
const asTheyAre = {
  requestStream: true,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

/**
 * A gRPC server on loopback with one method, a stream both ways of plain bytes.
 * @param {object} options
 * @param {string} options.path
 * @param {(call: import('node:stream').Duplex) => void} options.accept
 * @param {(server: Server) => void=} options.prepare called once it listens
 * @param {number=} options.port default any free one
 */
export async function serve({ path, accept, prepare = () => {}, port = 0 }) {
  const server = new Server();
  const attach = (call) => {
    // Until the server has answered, the client keeps what it sent for another attempt, up to 1 MiB.
    call.sendMetadata(new Metadata());
    accept(call);
  };
  server.addService({ attach: { path, ...asTheyAre } }, { attach });
  const bound = await new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  prepare(server);
  return { address: `127.0.0.1:${bound}`, close: () => server.forceShutdown() };
}
