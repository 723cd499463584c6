import { Lane } from '../../lib/lane/lane.js';
import { Outbox } from '../../lib/lane/outbox.js';
import type { Machine } from './machine.js';
import { lane, outbox, post, type Route, types, type Wish } from './party.js';
import { watchStats } from './watch-stats.js';
import { beat, World, type WorldOptions } from './world.js';

/** What one run came to. Two runs of one seed have the same trace. */
export interface Outcome {
  readonly seed: number;
  readonly trace: string;
  readonly violations: readonly string[];
  readonly summary: Readonly<Record<string, number>>;
  readonly lines: readonly string[];
}

const runMs = 2_000;
/** By then everything has recovered, and the work that had piled up is done. */
const recoverMs = 2_500;
const longestCall = 4_000;
/** More than an outbox takes. */
const burst = 40;

/** One run of a fleet: some seconds of work and mishaps, then quiet, then the end; everything decided by the seed. */
export async function scenario(seed: number, options: WorldOptions = {}): Promise<Outcome> {
  const world = new World(seed, options);
  const unwatch = watchBounds(world);
  const stats = watchStats(world.book, lane);
  try {
    await live(world, stats.look);
    stats.end();
  } finally {
    stats.unwatch();
    unwatch();
  }
  const { trace, violations, summary, lines } = world.book;
  return { seed, trace, violations, summary, lines };
}

async function live(world: World, look: () => void): Promise<void> {
  const { clock, network, book } = world;
  const storms = world.int(0, 3);
  const count = world.int(2, 4);
  const busy = world.int(1, 2);
  world.startHub();
  for (let i = 0; i < count; i++) world.startWorker(i);
  const mishaps = new Mishaps(world);
  while (clock.now() < runMs) {
    for (let i = world.int(0, 2 * busy); i > 0; i--) speak(world);
    if (world.int(1, 8) <= storms) mishaps.next();
    await clock.advance(world.int(1, 60));
    look();
  }
  mishaps.mend();
  await clock.advance(recoverMs);
  book.calm(longestCall);
  for (const process of world.workers) if (process) check(world, process.id);
  for (const { machine, route } of world.routes()) probe(world, machine, route);
  await clock.advance(longestCall + 500);
  look();
  book.close((sender) => world.alive(sender));
  const { hub } = world;
  for (const process of world.workers) void process?.worker.close();
  void hub?.hub.close();
  await clock.advance(6_000);
  if (network.links > 0) book.violation(`${network.links} links are open at the end`);
  if (clock.pending > 0) book.violation(`${clock.pending} timers are pending at the end`);
}

/** After a rest in which nothing went wrong every worker is back. */
function check({ hub, book }: World, id: string): void {
  const liveness = hub?.hub.workers.get(id)?.liveness;
  if (liveness !== 'alive') book.violation(`${id} is ${liveness} long after the last trouble`);
}

/** Work for a fleet at rest, which must succeed: nothing is stuck, and no credit was lost. */
function probe({ book }: World, machine: Machine, route: Route): void {
  const wish = {
    ms: 0,
    fails: false,
    padding: 0,
    key: '',
    items: 200,
    timeoutMs: longestCall,
    abortMs: 0,
    overflow: 'wait',
  } as const;
  for (let i = 0; i < 3; i++) post(machine, book, route, { ...wish, verb: 'request', type: 'sync' });
  post(machine, book, route, { ...wish, verb: 'stream', type: 'tail' });
}

/** As much as the windows of a pair take. */
function flood(world: World, machine: Machine, route: Route): void {
  const type = world.pick(['slow', 'ordered', 'tail'] as const);
  const wish = {
    ms: 5,
    fails: false,
    padding: 0,
    key: '',
    items: 300,
    timeoutMs: longestCall,
    abortMs: 0,
    overflow: 'wait',
  } as const;
  const verb = type === 'tail' ? 'stream' : 'send';
  for (let i = world.int(5, burst); i > 0; i--) post(machine, world.book, route, { ...wish, verb, type });
}

function speak(world: World): void {
  const routes = world.routes().filter(({ machine }) => machine.running);
  if (routes.length === 0) return;
  const { machine, route } = world.pick(routes);
  const type = world.pick(types);
  const verb =
    type === 'tail' ? 'stream' : world.pick(['send', 'send', 'request', 'request', 'publish'] as const);
  const wish: Wish = {
    verb,
    type,
    ms: world.int(0, 25),
    fails: world.int(1, 8) === 1,
    padding: world.int(1, 12) === 1 ? world.int(1_000, 20_000) : world.int(0, 60),
    key: `k${world.int(1, 3)}`,
    items: world.int(0, 200),
    timeoutMs: world.int(1, 4) === 1 ? world.int(50, 500) : longestCall,
    abortMs: world.int(1, 12) === 1 ? world.int(1, 200) : 0,
    overflow: world.pick(['wait', 'reject'] as const),
  };
  if (world.int(1, 30) > 1) return post(machine, world.book, route, wish);
  for (let i = 0; i < burst; i++) post(machine, world.book, route, { ...wish, padding: 0 });
}

/** What goes wrong in a run, one thing after the other, and side by side. */
class Mishaps {
  readonly #over = new Set<() => void>();

  constructor(private readonly world: World) {}

  next(): void {
    const { world } = this;
    const index = world.int(0, world.workers.length - 1);
    const what = world.int(1, 8);
    if (what <= 2) return this.#cut(index);
    if (what === 3) return this.#partition(index);
    if (what === 4) return this.#hold(index);
    if (what === 5) return this.#latency();
    if (what === 6) return this.#crash(index, world.random() < 0.5);
    if (what === 7) return this.#restartHub(world.random() < 0.5);
    return this.#holdHub();
  }

  /** Ends everything that is wrong at the moment. */
  mend(): void {
    for (const over of [...this.#over]) over();
    this.world.network.latency(1);
  }

  #cut(index: number): void {
    const { world } = this;
    const { network, workers, book, hub } = world;
    const process = workers[index];
    if (process === undefined) return;
    const flooded = world.random() < 0.5;
    const lopsided = world.random() < 0.5;
    book.note(`cut ${process.id}${flooded ? ', flooded' : ''}${lopsided ? ', lopsided' : ''}`);
    if (flooded)
      for (const { machine, route } of world.routes()) if (machine.running) flood(world, machine, route);
    // The side that hears late of the cut is found by the new link before.
    if (lopsided && hub) network.latency(hub.machine.host, process.machine.host, 200);
    const over = world.trouble(process.id);
    this.#later(lopsided ? 250 : world.int(0, 40), () => {
      network.cut(process.machine.host);
      if (lopsided && hub) network.latency(hub.machine.host, process.machine.host, 1);
      over();
    });
  }

  #partition(index: number): void {
    const { network, workers, book, hub } = this.world;
    const process = workers[index];
    if (process === undefined || hub === undefined) return;
    book.note(`partition ${process.id}`);
    network.partition(process.machine.host, hub.machine.host);
    const over = this.world.trouble(process.id);
    // `heal` ends every partition at once: so each that is over ends them all.
    this.#later(this.world.int(10, 2_500), () => {
      book.note('heal');
      network.heal();
      over();
    });
  }

  #hold(index: number): void {
    const { workers, book } = this.world;
    const process = workers[index];
    if (process === undefined || !process.machine.running) return;
    book.note(`hold ${process.id}`);
    process.machine.hold();
    const over = this.world.trouble(process.id);
    this.#later(this.world.int(10, 2_000), () => {
      process.machine.release();
      over();
    });
  }

  #holdHub(): void {
    const { hub, book } = this.world;
    if (hub === undefined || !hub.machine.running) return;
    book.note('hold the hub');
    hub.machine.hold();
    this.#later(this.world.int(10, 2_000), () => hub.machine.release());
  }

  #latency(): void {
    const { network, book, hub, workers } = this.world;
    const most = this.world.pick([0, 5, 60]);
    const process = this.world.pick(workers);
    book.note(`latency ${most} ${process?.id ?? ''}`);
    if (process === undefined || hub === undefined) return network.latency((random) => random() * most);
    // One way only: so one side hears of a cut long before the other.
    const ways = [hub.machine.host, process.machine.host] as const;
    const [from, to] = this.world.random() < 0.5 ? ways : [ways[1], ways[0]];
    network.latency(from, to, 4 * most);
  }

  #crash(index: number, silently: boolean): void {
    const { workers, network, book } = this.world;
    const process = workers[index];
    if (process === undefined) return;
    book.note(`crash ${process.id}`);
    workers[index] = undefined;
    process.machine.kill();
    if (!silently) network.cut(process.machine.host);
    const over = this.world.trouble(process.id);
    this.#later(this.world.int(10, 1_200), () => {
      network.cut(process.machine.host);
      this.world.startWorker(index);
      over();
    });
  }

  #restartHub(crashes: boolean): void {
    const { world } = this;
    const { hub, network, workers, book } = world;
    if (hub === undefined) return;
    book.note(crashes ? 'the hub crashes' : 'the hub closes');
    world.hub = undefined;
    const troubles = workers.map((process, index) => world.trouble(process?.id ?? `w${index}`));
    if (crashes) hub.machine.kill();
    void hub.hub.close();
    network.cut(hub.machine.host);
    this.#later(world.int(10, 1_000), () => {
      world.startHub();
      for (const over of troubles) over();
    });
  }

  #later(ms: number, task: () => void): void {
    const over = () => {
      cancel();
      this.#over.delete(over);
      task();
    };
    const cancel = this.world.clock.after(ms, over);
    this.#over.add(over);
  }
}

/** Looks at every lane and outbox of the run whenever something enters. Gives what takes the looking away again. */
function watchBounds({ book }: World): () => void {
  const { source } = Lane.prototype;
  const { offer } = Outbox.prototype;
  const lanes = new Set<Lane<never, unknown>>();
  Lane.prototype.source = function (onGrant) {
    lanes.add(this as never);
    return source.call(this, onGrant);
  };
  Outbox.prototype.offer = function (outgoing, rule) {
    const offered = offer.call(this, outgoing, rule);
    if (this.queued > outbox.capacity + outbox.maxWaiting)
      book.violation(`an outbox holds ${this.queued} messages`);
    if (this.queued > 1 && this.queuedBytes > 2 * outbox.capacityBytes)
      book.violation(`an outbox holds ${this.queuedBytes} bytes`);
    for (const each of lanes) {
      const { queued, inFlight, reserved } = each;
      if (queued > lane.capacity || reserved.messages > lane.capacity)
        book.violation(`a lane holds ${queued} messages and has ${reserved.messages} reserved`);
      if (inFlight > lane.concurrency) book.violation(`a lane runs ${inFlight} handlers`);
    }
    return offered;
  };
  return () => {
    Lane.prototype.source = source;
    Outbox.prototype.offer = offer;
  };
}

export { beat };
