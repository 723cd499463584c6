import { Router } from 'zeromq';
import { sideOf } from './side.mjs';

export async function open() {
  // With `mandatory`, a full queue makes the sender wait; without, ROUTER drops.
  const router = new Router({ mandatory: true, linger: 0 });
  await router.bind('tcp://127.0.0.1:*');
  const side = router.receive().then(([name]) =>
    sideOf(
      (packed) => router.send([name, packed]),
      router,
      () => router.close(),
    ),
  );
  return { address: router.lastEndpoint, side };
}
