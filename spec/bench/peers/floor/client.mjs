import { dial } from './grpc.mjs';
import { Pipe } from './pipe.mjs';

export async function open(/** @type {string} */ address, { beatMs }) {
  const { call, close } = dial(address);
  const pipe = new Pipe(call, close);
  if (beatMs !== undefined) setInterval(() => pipe.beat(), beatMs);
  return pipe;
}
