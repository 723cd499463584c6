import { Dealer } from 'zeromq';
import { sideOf } from './side.mjs';

export async function open(/** @type {string} */ address) {
  const dealer = new Dealer({ linger: 0 });
  dealer.connect(address);
  await dealer.send('ready');
  return sideOf(
    (packed) => dealer.send(packed),
    dealer,
    () => dealer.close(),
  );
}
