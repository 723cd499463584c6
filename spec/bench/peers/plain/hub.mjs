import { serve } from '../serve.mjs';
import { path, sideOf } from './stream.mjs';

export async function open() {
  let connected;
  const side = new Promise((resolve) => {
    connected = resolve;
  });
  const server = await serve({ path, accept: (call) => connected(sideOf(call, () => server.close())) });
  return { address: server.address, side };
}
