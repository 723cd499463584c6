import type { MethodDefinition } from '@grpc/grpc-js';
import type { CallKind } from '../link.js';

/** HTTP/2 receive window in bytes, of each connection and each call, on both sides. DESIGN section 12 has the figures. */
export const windowBytes = 1024 * 1024;

const identity = (bytes: Buffer) => bytes;
const method = (name: string): MethodDefinition<Buffer, Buffer> => ({
  path: `/drumline.v1.Bus/${name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

/** The service of proto/drumline/v1/bus.proto. Batches stay bytes: the codec is none of the transport's business. */
export const busService: Readonly<Record<CallKind, MethodDefinition<Buffer, Buffer>>> = {
  attach: method('Attach'),
  pulse: method('Pulse'),
};
