// Opens ten thousand sessions, each with disposable services, and tells how many of these are alive once the sessions
// have ended. Runs with --expose-gc.
import { setImmediate } from 'node:timers/promises';
import { inject, injectable } from '../../../lib/services/inject.js';
import { provider } from '../../../lib/services/provider.js';
import { token } from '../../../lib/services/token.js';
import { tsyringeInjection } from '../../../lib/services/tsyringe-injection.js';
import { systemClock } from '../../../lib/time/clock.js';

const Db = token<Disposed>('db');
const User = token<Disposed>('user');
const Carts = token<Cart>('cart');

let disposed = 0;
class Disposed {
  // tsyringe looks for a method of this name.
  dispose() {}
  [Symbol.dispose]() {
    disposed += 1;
  }
}

@injectable()
class Cart extends Disposed {
  constructor(
    @inject(User) readonly user: Disposed,
    @inject(Db) readonly db: Disposed,
  ) {
    super();
  }
}

const plugins = [
  {
    name: 'store',
    providers: [provider(Db, { class: Disposed }), provider(User, { class: Disposed, scope: 'session' })],
    requires: [],
    controllers: [],
  },
  {
    name: 'shop',
    providers: [provider(Carts, { class: Cart, scope: 'session' })],
    requires: ['store'],
    controllers: [],
  },
  { name: 'late', providers: [], requires: ['store'], controllers: [] },
];
const injection = tsyringeInjection(plugins, { clock: systemClock, deadlineMs: 10_000 });

const built: WeakRef<object>[] = [];
const open = Array.from({ length: 10_000 }, () => injection.session());
for (const session of open) {
  const cart = session.of('shop').get(Carts);
  built.push(new WeakRef(session), new WeakRef(cart), new WeakRef(cart.user));
}
const alive = async () => {
  // What a WeakRef was asked for lives to the end of the turn.
  await setImmediate();
  globalThis.gc?.();
  return built.filter((reference) => reference.deref() !== undefined).length;
};
const before = await alive();
let refused = 0;
for (const session of open.splice(0)) {
  await session.dispose();
  // A handler that goes on after the end of its session.
  try {
    session.of('late').get(User);
  } catch {
    refused += 1;
  }
}
const after = await alive();
console.log(
  JSON.stringify({ before, after, disposed, refused, db: injection.of('store').get(Db) !== undefined }),
);
