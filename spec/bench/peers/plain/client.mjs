import { Client, credentials } from '@grpc/grpc-js';
import { bytes, path, sideOf } from './stream.mjs';

export async function open(/** @type {string} */ address) {
  const client = new Client(address, credentials.createInsecure());
  return sideOf(client.makeBidiStreamRequest(path, bytes, bytes), () => client.close());
}
