import { freePort } from './port.mjs';
import { nodeOf, sideOf } from './side.mjs';

export async function open() {
  // The nodes have to know each other's ports beforehand.
  const urls = [`127.0.0.1:${await freePort()}/hub`, `127.0.0.1:${await freePort()}/worker`];
  const node = nodeOf('hub', urls);
  const side = sideOf(node, 'hub', 'worker');
  await node.start();
  return { address: urls.join(), side: node.waitForServices('worker', 30_000, 20).then(() => side) };
}
