import { seededRandom } from '../../lib/transport/memory/seeded-random.js';
import { Cable } from '../bus/cable.js';
import { sleep } from '../bus/moment.js';
import { type Account, account } from './book.js';
import { Party } from './party.js';

/** `SEED=7 npm run test:faults` repeats what the title of a spec that failed names. */
export const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));

export const random = seededRandom(seed);

export const between = (least: number, greatest: number): number => least + random() * (greatest - least);

/** Processes and cables of one spec, ended after it. */
export class Stage {
  readonly #ends: (() => unknown)[] = [];

  /** Registers the hook that ends everything. */
  static suite(): Stage {
    const stage = new Stage();
    afterEach(() => stage.end());
    return stage;
  }

  /** A hub process that has not started. */
  hub(options: object): Party {
    return this.#party('hub', options);
  }

  /** A worker process that has not started. */
  worker(options: object): Party {
    return this.#party('worker', options);
  }

  async cable(target: string): Promise<Cable> {
    const cable = new Cable(target);
    await cable.start();
    this.#ends.push(() => cable.close());
    return cable;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  #party(program: Party['program'], options: object): Party {
    const party = new Party(program, options);
    this.#ends.push(() => party.end());
    return party;
  }
}

/** Both ways of the traffic between a hub and one worker. */
export class Pair {
  constructor(
    readonly hub: Party,
    readonly worker: Party,
    readonly id: string,
  ) {}

  async begin(open: number): Promise<void> {
    await Promise.all([this.hub.begin(this.id, open), this.worker.begin('hub', open)]);
  }

  started(): Promise<[hub: number, worker: number]> {
    return Promise.all([this.hub.started(this.id), this.worker.started('hub')]);
  }

  /** Resolves when so many more were made, both ways. */
  async goesOn(count = 1_000, ms = 8_000): Promise<void> {
    const before = await this.started();
    const deadline = performance.now() + ms;
    for (;;) {
      const now = await this.started();
      if (now.every((made, way) => made >= (before[way] as number) + count)) return;
      if (performance.now() > deadline) throw new Error(`no traffic: ${before} became ${now} in ${ms} ms`);
      await sleep(20);
    }
  }

  /** Ends it, and waits until what was accepted is handled, but for so many. */
  async settled(undelivered = 0): Promise<{ readonly toWorker: Account; readonly toHub: Account }> {
    const [hub, worker] = await Promise.all([this.hub.stop(this.id), this.worker.stop('hub')]);
    for (let tries = 0; ; tries++) {
      const [there, here] = await Promise.all([this.worker.seen('hub'), this.hub.seen(this.id)]);
      const accounts = { toWorker: account(hub, there), toHub: account(worker, here) };
      if (tries === 30 || Object.values(accounts).every((account) => account.undelivered <= undelivered))
        return accounts;
      await sleep(100);
    }
  }
}

/** How calls and publishes ended: `send taken`, in the order of the alphabet. */
export const endsOf = ({ ends }: Account): readonly string[] => Object.keys(ends).sort();

export const allTaken = ['publish taken', 'request taken', 'send taken', 'stream taken'];
