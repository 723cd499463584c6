// A hub over gRPC on loopback with a worker that is served all the time, whoever else asks to be let in.
import { expect } from 'chai';
import {
  createHub,
  createWorker,
  type Hub,
  type HubEvent,
  type HubOptions,
  handler,
  type Plugin,
  type Worker,
} from 'drumline';
import { hubVersion } from './greetings.js';
import { eventually, sleep } from './moment.js';

export const beat = { intervalMs: 50, suspectAfterMs: 400, lostAfterMs: 1_500, stalledAfterMs: 400 };

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export class Trial {
  readonly events: HubEvent[] = [];
  readonly #workers: Worker[] = [];
  #served = 0;
  #failed: unknown;
  #serving = true;
  #load: Promise<void> = Promise.resolve();

  private constructor(
    readonly hub: Hub,
    readonly address: string,
  ) {}

  /** A hub with this plugin, and 'healthy', which is served from now on. */
  static async of(plugin: Plugin, options: HubOptions = {}): Promise<Trial> {
    const hub = createHub({ version: hubVersion, beat, log: quiet, plugins: [plugin], ...options });
    const trial = new Trial(hub, await hub.start());
    hub.events$.subscribe((event) => trial.events.push(event));
    await trial.worker('healthy', hubVersion).start({ timeoutMs: 3_000 });
    trial.#load = trial.#serve();
    await trial.served();
    return trial;
  }

  worker(id: string, version: string | undefined): Worker {
    const worker = createWorker({
      hub: this.address,
      id,
      log: quiet,
      reconnect: { initialMs: 10, maxMs: 50 },
      handlers: [handler('echo', ({ payload }) => payload)],
      ...(version === undefined ? {} : { version }),
    });
    this.#workers.push(worker);
    return worker;
  }

  /** Healthy is served now: by calls that were made after this one. */
  async served(): Promise<void> {
    const enough = this.#served + 3;
    await eventually('healthy is served', () => this.#served >= enough || this.#failed);
    expect(this.#failed, 'healthy is served').to.equal(undefined);
    expect(this.hub.workers.get('healthy')?.liveness).to.equal('alive');
  }

  async end(): Promise<void> {
    try {
      await this.served();
    } finally {
      this.#serving = false;
      await this.#load;
      await Promise.all(this.#workers.map((worker) => worker.close()));
      await this.hub.close();
    }
  }

  async #serve(): Promise<void> {
    while (this.#serving && this.#failed === undefined) {
      try {
        const n = this.#served;
        if ((await this.hub.request('healthy', 'echo', n, { timeoutMs: 1_000 })) !== n)
          throw new Error('wrong');
        this.#served += 1;
      } catch (thrown) {
        this.#failed = thrown;
      }
      await sleep(1);
    }
  }
}
