import { Router } from 'zeromq';
import { options, sideOf } from './side.mjs';

export async function open() {
  // With `mandatory`, a message to nobody is an error; without, ROUTER drops it.
  const router = new Router({ ...options, mandatory: true });
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
