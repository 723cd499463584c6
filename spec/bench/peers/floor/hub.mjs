import { serve } from '../serve.mjs';
import { path, widen } from './grpc.mjs';
import { Pipe } from './pipe.mjs';

export async function open({ beats }) {
  let connected;
  const side = new Promise((resolve) => {
    connected = resolve;
  });
  const accept = (call) => {
    const pipe = new Pipe(call, () => server.close());
    if (beats !== undefined) pipe.onBeat(beats());
    connected(pipe);
  };
  const server = await serve({ path, accept, prepare: widen });
  return { address: server.address, side };
}
