import type { Mishap } from './kind.js';
import { flood } from './speech.js';
import { Strangers } from './stranger.js';
import type { WorkerProcess, World } from './world.js';

/** What goes wrong in a run, one thing after the other, and side by side. */
export class Mishaps {
  readonly strangers: Strangers;
  readonly #over = new Set<() => void>();

  constructor(private readonly world: World) {
    this.strangers = new Strangers(world);
  }

  next(): void {
    const { world } = this;
    const index = world.int(0, world.workers.length - 1);
    const happen: Record<Mishap, () => void> = {
      cut: () => this.#cut(index),
      'cut at a batch': () => this.#cutAtBatch(index),
      partition: () => this.#partition(index),
      'cut the pulse': () => this.#cutPulse(index),
      hold: () => this.#hold(index),
      block: () => this.#block(index),
      'die blocked': () => this.#dieBlocked(index),
      'hold the hub': () => this.#holdHub(),
      latency: () => this.#latency(),
      crash: () => this.#crash(index, world.random() < 0.5),
      'restart the hub': () => this.#restartHub(world.random() < 0.5),
      drain: () => this.#drain(index),
      'drain the hub': () => this.#drainHub(),
      date: () => this.#date(),
      stranger: () => this.#later(world.int(1, 600), this.strangers.next()),
      guest: () => this.#guest(),
    };
    happen[world.pick(world.kind.mishaps)]();
  }

  /** Ends everything that is wrong at the moment. */
  mend(): void {
    // What ends may begin something of its own: a hub that has drained is started again.
    while (this.#over.size > 0) for (const over of [...this.#over]) over();
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
    if (lopsided && hub) {
      network.latency(hub.machine.host, process.machine.host, 200);
      world.vigil.slowed(200);
    }
    const over = world.trouble(process.id);
    this.#later(lopsided ? 250 : world.int(0, 40), () => {
      network.cut(process.machine.host);
      if (lopsided && hub) network.latency(hub.machine.host, process.machine.host, 1);
      over();
    });
  }

  /** Between any two batches that one side reads or writes, in the middle of whatever it does. */
  #cutAtBatch(index: number): void {
    const { world } = this;
    const { network, workers, book, hub } = world;
    const process = workers[index];
    if (process === undefined || hub === undefined) return;
    const { machine } = world.random() < 0.5 ? process : hub;
    const batches = world.int(1, 30);
    book.note(`cut ${process.id} at batch ${batches} of ${machine.host}`);
    const over = world.trouble(process.id);
    machine.after(batches, () => network.cut(process.machine.host));
    this.#later(world.int(50, 500), () => {
      machine.after(0, () => {});
      over();
    });
  }

  /** The worker's other link, if it has one. */
  #cutPulse(index: number): void {
    const { network, workers, book } = this.world;
    const process = workers[index];
    if (!process?.beating) return;
    book.note(`cut the pulse of ${process.id}`);
    const over = this.world.trouble(process.id);
    network.cut(process.beating.machine.host);
    over();
  }

  #partition(index: number): void {
    const { network, workers, book, hub, vigil } = this.world;
    const process = workers[index];
    if (process === undefined || hub === undefined) return;
    const hosts = process.beating
      ? this.world.pick([hostsOf(process), [process.machine.host], [process.beating.machine.host]])
      : [process.machine.host];
    book.note(`partition ${hosts}`);
    network.partition(hosts, hub.machine.host);
    vigil.parted += 1;
    const over = this.world.trouble(process.id);
    // `heal` ends every partition at once: so each that is over ends them all.
    this.#later(this.world.int(10, 2_500), () => {
      book.note('heal');
      network.heal();
      vigil.parted -= 1;
      vigil.healedAt = this.world.clock.now();
      over();
    });
  }

  /** Its loop alone, as by a handler that computes. */
  #block(index: number): void {
    const { workers, book, vigil } = this.world;
    const process = workers[index];
    if (process === undefined || !process.machine.running) return;
    book.note(`block ${process.id}`);
    process.machine.hold();
    const over = vigil.blocked(process);
    this.#later(this.world.int(10, 3_000), () => {
      book.note(`${process.id} goes on`);
      process.machine.release();
      over();
    });
  }

  /** As a process does whose handler takes all memory: nobody hears that its links end, and they may repeat themselves. */
  #dieBlocked(index: number): void {
    const { world } = this;
    const process = world.workers[index];
    if (process === undefined || !process.machine.running) return;
    world.book.note(`block ${process.id}, to its end`);
    process.machine.hold();
    const over = world.vigil.blocked(process);
    this.#later(world.int(150, 600), () => {
      over();
      if (world.workers[index] === process) this.#crash(index, true, world.int(1_300, 2_500));
      else process.machine.release();
    });
  }

  /** The whole process. */
  #hold(index: number): void {
    const { workers, book } = this.world;
    const process = workers[index];
    if (process === undefined || !process.machine.running) return;
    book.note(`hold ${process.id}`);
    process.machine.hold();
    process.beating?.machine.hold();
    const over = this.world.trouble(process.id);
    this.#later(this.world.int(10, 2_000), () => {
      process.machine.release();
      process.beating?.machine.release();
      over();
    });
  }

  #holdHub(): void {
    const { hub, book, hubHeld, clock } = this.world;
    if (hub === undefined || !hub.machine.running) return;
    book.note('hold the hub');
    hub.machine.hold();
    let until = Number.POSITIVE_INFINITY;
    hubHeld.push([clock.now(), () => Math.min(until, clock.now())]);
    this.#later(this.world.int(10, 2_000), () => {
      until = clock.now();
      hub.machine.release();
    });
  }

  #latency(): void {
    const { network, book, hub, workers } = this.world;
    // Where links are judged beside a pulse, their beats are not to come two intervals later than its own.
    const most = this.world.pick([0, 5, this.world.kind.pulsed ? 20 : 60]);
    const process = this.world.pick(workers);
    book.note(`latency ${most} ${process?.id ?? ''}`);
    this.world.vigil.slowed(4 * most);
    if (process === undefined || hub === undefined) return network.latency((random) => random() * most);
    // One way only: so one side hears of a cut long before the other.
    const ways = [hub.machine.host, process.machine.host] as const;
    const [from, to] = this.world.random() < 0.5 ? ways : [ways[1], ways[0]];
    network.latency(from, to, 4 * most);
  }

  #crash(index: number, silently: boolean, backMs = this.world.int(10, 1_200)): void {
    const { workers, network, book, vigil } = this.world;
    const process = workers[index];
    if (process === undefined) return;
    book.note(`crash ${process.id}`);
    workers[index] = undefined;
    vigil.died(process);
    process.machine.kill();
    process.beating?.machine.kill();
    if (!silently) for (const host of hostsOf(process)) network.cut(host);
    else if (process.beating && this.world.random() < 0.5) process.beating.echo(40);
    const over = this.world.trouble(process.id);
    this.#later(backMs, () => {
      for (const host of hostsOf(process)) network.cut(host);
      this.world.startWorker(index);
      over();
    });
  }

  #restartHub(crashes: boolean): void {
    const { hub, network, book } = this.world;
    if (hub === undefined) return;
    book.note(crashes ? 'the hub crashes' : 'the hub closes');
    const start = this.#withoutHub();
    if (crashes) hub.machine.kill();
    void hub.hub.close();
    network.cut(hub.machine.host);
    this.#later(this.world.int(10, 1_000), start);
  }

  /** It takes no more work, finishes what it has, and leaves; then another takes its place. */
  #drain(index: number): void {
    const { world } = this;
    const process = world.workers[index];
    if (process === undefined || !process.machine.running) return;
    world.book.note(`drain ${process.id}`);
    const over = world.trouble(process.id);
    const drained = this.#drained(process.machine.host, () =>
      process.worker.drain({ deadlineMs: world.int(50, 800) }),
    );
    this.#later(world.int(1, 900), () => {
      // What it still does nobody waits for.
      void drained;
      void process.worker.close();
      // It may have crashed meanwhile, or be another.
      if (world.workers[index] === process) world.startWorker(index);
      over();
    });
  }

  #drainHub(): void {
    const { world } = this;
    const { hub } = world;
    if (hub === undefined || !hub.machine.running) return;
    world.book.note('drain the hub');
    void this.#drained(hub.machine.host, () => hub.hub.drain({ deadlineMs: world.int(50, 800) }));
    const troubles = world.workers.map((process, index) => world.trouble(process?.id ?? `w${index}`));
    this.#later(world.int(1, 900), () => {
      if (world.hub === hub) {
        void hub.hub.close();
        const start = this.#withoutHub();
        this.#later(world.int(10, 300), start);
      }
      for (const over of troubles) over();
    });
  }

  /** A drain ends well, or says that it took too long. */
  async #drained(host: string, drain: () => Promise<void>): Promise<void> {
    const { book } = this.world;
    try {
      await drain();
      book.note(`${host} has drained`);
    } catch (thrown) {
      const { code } = thrown as { code?: string };
      book.note(`${host} has not drained: ${code}`);
      if (code !== 'timeout' && code !== 'closed') book.violation(`${host} does not drain: ${thrown}`);
    }
  }

  #date(): void {
    const { hub, workers, book } = this.world;
    const process = this.world.pick([hub, ...workers]);
    if (process === undefined) return;
    const ms = this.world.int(-100_000_000, 100_000_000);
    book.note(`date of ${process.machine.host} ${ms}`);
    process.machine.jump(ms);
  }

  #guest(): void {
    const process = this.world.pick([this.world.hub, ...this.world.workers]);
    if (process) this.world.toggleGuest(process);
  }

  /** The hub is gone; gives what starts another. */
  #withoutHub(): () => void {
    const { world } = this;
    world.hub = undefined;
    const troubles = world.workers.map((process, index) => world.trouble(process?.id ?? `w${index}`));
    return () => {
      world.startHub();
      for (const over of troubles) over();
    };
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

/** From which a worker dials: its own, and that of its pulse. */
const hostsOf = ({ machine, beating }: WorkerProcess): readonly string[] =>
  beating ? [machine.host, beating.machine.host] : [machine.host];
