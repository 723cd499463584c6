import type { Machine } from './machine.js';
import { post, type Route, type Type, types, type Wish } from './party.js';
import type { World } from './world.js';

/** Longer than anything takes in a fleet at rest. */
export const longestCall = 4_000;
/** More than an outbox takes. */
const burst = 24;
/** More items than a stream may send before it is asked for more. */
const manyItems = 70;

const plain = {
  verb: 'request',
  type: 'sync',
  ms: 0,
  fails: false,
  padding: 0,
  key: '',
  items: manyItems,
  timeoutMs: longestCall,
  abortMs: 0,
  overflow: 'wait',
} as const satisfies Wish;

/** One call of one process, or a burst of them. */
export function speak(world: World): void {
  const { kind } = world;
  const routes = world.routes().filter(({ machine }) => machine.running);
  if (routes.length === 0) return;
  const { machine, route } = world.pick(routes);
  const type: Type = world.pick(kind.plugged ? [...types, 'coded'] : types);
  const streams = type === 'tail' || type === 'drip';
  const large = world.int(1, 100) <= kind.large;
  const wish: Wish = {
    verb: streams ? 'stream' : world.pick(['send', 'send', 'request', 'request', 'publish'] as const),
    type,
    ms: world.int(0, 25),
    fails: world.int(1, 8) === 1,
    // What carries it back to front takes no more.
    padding: type === 'coded' ? world.int(0, 1_000) : paddingOf(world, large),
    key: `k${world.int(1, 3)}`,
    items: world.int(1, 8) === 1 ? world.int(0, 2 * manyItems) : world.int(0, 6),
    timeoutMs: world.int(1, 4) === 1 ? world.int(50, 500) : longestCall,
    abortMs: world.int(1, 10) === 1 ? world.int(1, 200) : 0,
    overflow: world.pick(['wait', 'reject'] as const),
  };
  if (world.int(1, 100) > kind.bursts) return post(machine, world.book, route, wish);
  const padding = kind.tight ? 10_000 : large ? 3_000 : 0;
  const many = { ...wish, padding, items: Math.min(wish.items, 6) };
  for (let i = 0; i < burst; i++) post(machine, world.book, route, many);
}

function paddingOf(world: World, large: boolean): number {
  if (large) return world.int(1, 8) === 1 ? 250_000 : world.int(66_000, 160_000);
  if (world.int(1, 60) === 1) return -1;
  return world.int(1, 12) === 1 ? world.int(1_000, 20_000) : world.int(0, 60);
}

/** As much as the windows of a pair take, of one type. */
export function flood(world: World, machine: Machine, route: Route): void {
  const type = world.pick(['slow', 'ordered', 'tail'] as const);
  const verb = type === 'tail' ? 'stream' : 'send';
  const count = type === 'tail' ? world.int(1, 8) : world.int(5, burst);
  for (let i = 0; i < count; i++) post(machine, world.book, route, { ...plain, ms: 5, verb, type });
}

/** Work for a fleet at rest, which must succeed: nothing is stuck, and no credit was lost. */
export function probe(world: World): void {
  const { book } = world;
  const routes = world.routes();
  const busiest = world.pick(routes);
  for (const each of routes) {
    const { machine, route } = each;
    const wishes: Partial<Wish>[] = [
      ...[{}, {}, {}],
      { verb: 'send', type: 'ordered' },
      { verb: 'stream', type: 'tail', items: each === busiest ? manyItems : 3 },
      { padding: world.kind.large > 1 && !world.kind.tight ? 100_000 : 0 },
    ];
    for (const wish of wishes) post(machine, book, route, { ...plain, ...wish });
  }
}
