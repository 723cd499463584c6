import { Dealer } from 'zeromq';
import { options, sideOf } from './side.mjs';

export async function open(/** @type {string} */ address) {
  const dealer = new Dealer(options);
  dealer.connect(address);
  await dealer.send('ready');
  return sideOf(
    (packed) => dealer.send(packed),
    dealer,
    () => dealer.close(),
  );
}
