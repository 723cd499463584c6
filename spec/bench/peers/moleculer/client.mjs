import { nodeOf, sideOf } from './side.mjs';

export async function open(/** @type {string} */ address) {
  const node = nodeOf('worker', address.split(','));
  const side = sideOf(node, 'worker', 'hub');
  await node.start();
  await node.waitForServices('hub', 30_000, 20);
  return side;
}
