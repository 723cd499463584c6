import { add } from './audit.js';
import { Mishaps } from './mishaps.js';
import { longestCall, probe, speak } from './speech.js';
import { World, type WorldOptions } from './world.js';

/** What one run came to. Two runs of one seed have the same trace. */
export interface Outcome {
  readonly seed: number;
  readonly kind: string;
  readonly trace: number;
  readonly violations: readonly string[];
  /** How many calls came to what. */
  readonly summary: Readonly<Record<string, number>>;
  /** What all processes together counted. */
  readonly counts: Readonly<Record<string, number>>;
  readonly lines: readonly string[];
}

/** By then everything has recovered, and the work that had piled up is done. */
const recoverMs = 8_000;

/** One run of a fleet: a while of work and mishaps, then quiet, then the end; everything decided by the seed. */
export async function scenario(seed: number, options: WorldOptions = {}): Promise<Outcome> {
  const world = new World(seed, options);
  const counts = await live(world);
  const { trace, violations, summary, lines } = world.book;
  return { seed, kind: world.kind.name, trace, violations, summary, counts, lines };
}

async function live(world: World): Promise<Record<string, number>> {
  const { clock, network, book, audit } = world;
  // A pulse is looked at in calm as well.
  const storms = world.int(0, world.kind.pulsed ? 2 : 4);
  const count = world.int(1, 3);
  const busy = world.int(1, 2);
  world.startHub();
  for (let i = 0; i < count; i++) world.startWorker(i);
  const mishaps = new Mishaps(world);
  while (clock.now() < world.kind.runMs) {
    for (let i = world.int(0, 2 * busy); i > 0; i--) speak(world);
    if (world.int(1, 8) <= storms) mishaps.next();
    audit.lookAround();
    await clock.advance(world.int(1, world.kind.pulsed ? 200 : 50));
    audit.lookAround();
  }
  mishaps.mend();
  await until(world, recoverMs, () => recovered(world));
  for (const { id } of world.workers.filter((each) => each !== undefined)) check(world, id);
  book.calm(longestCall);
  probe(world);
  await until(
    world,
    longestCall + 500,
    () => book.openCalls(world.alive) === 0 && audit.quiet && agreed(world),
  );
  audit.rested('at rest');
  disagreements(world).map((text) => book.violation(text));
  book.close(world.alive);
  const { hub } = world;
  for (const process of world.workers) void process?.worker.close();
  void hub?.hub.close();
  await until(world, 12_000, () => network.links === 0 && clock.pending === 0);
  if (network.links > 0) book.violation(`${network.links} links are open at the end`);
  if (clock.pending > 0) book.violation(`${clock.pending} timers are pending at the end`);
  audit.lookAround();
  audit.rested('at the end');
  const counts = audit.total(mishaps.strangers.sent);
  add(counts, 'pulse', world.vigil.counts);
  return counts;
}

/** Lets time pass until it is so, and no longer than that. */
async function until({ clock, audit }: World, ms: number, so: () => boolean): Promise<void> {
  const end = clock.now() + ms;
  do {
    await clock.advance(50);
    audit.lookAround();
  } while (clock.now() < end && !so());
}

/** Every worker is back, and the work that had piled up is done. */
const recovered = ({ hub, workers, audit }: World): boolean =>
  audit.quiet && workers.every((each) => !each || hub?.hub.workers.get(each.id)?.liveness === 'alive');

function check({ hub, book }: World, id: string): void {
  const liveness = hub?.hub.workers.get(id)?.liveness;
  if (liveness !== 'alive') book.violation(`${id} is ${liveness} long after the last trouble`);
}

const agreed = (world: World): boolean => disagreements(world).length === 0;

/** Where the two sides of a session differ about the credit that one has granted and the other holds. */
function disagreements(world: World): string[] {
  return world.workers.flatMap((process) => {
    if (process === undefined || process.baseline) return [];
    const there = process.worker.stats().credit;
    const session = world.session(process.id);
    if (session === undefined) return [];
    const here = { granted: session.inbound.granted, held: session.outbound.held };
    const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);
    if (same(here.granted, there.held) && same(here.held, there.granted)) return [];
    return [`${process.id} and the hub disagree about credit: ${JSON.stringify({ here, there })}`];
  });
}
