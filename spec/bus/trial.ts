// A hub and workers over real gRPC on loopback, with small timings, all ended after each spec.
import { expect } from 'chai';
import {
  createHub,
  createWorker,
  type Hub,
  type HubAddress,
  type HubEvent,
  type HubOptions,
  handler,
  type Worker,
  type WorkerEvent,
  type WorkerOptions,
} from '../../lib/index.js';
import { staysCalm } from './calm.js';
import { eventually } from './moment.js';
import { RawPeer } from './raw-peer.js';

/** Beats for specs: quick, with room for a busy machine. */
export const beat = { intervalMs: 50, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 400 };

/** Collects what would go to the console. */
export const collector = () => {
  const lines: string[] = [];
  const note = (text: string) => void lines.push(text);
  return { lines, log: { debug: note, info: note, warn: note, error: note } };
};

interface SuiteOptions {
  readonly healthy?: boolean;
  /** How `healthy` reaches the hub. */
  hubOf?(address: string): HubAddress;
}

export class Trial {
  readonly hubEvents: HubEvent[] = [];
  readonly hubLog = collector();
  hub!: Hub;
  address = '';
  readonly #ends: (() => unknown)[] = [];

  /** Registers the suite's hooks. Without `healthy: false`, worker 'healthy' is served before, during and after each spec. */
  static suite(
    options: HubOptions | (() => HubOptions | Promise<HubOptions>) = {},
    { healthy = true, hubOf = (address) => address }: SuiteOptions = {},
  ): Trial {
    const trial = new Trial();
    staysCalm();
    beforeEach(async () => {
      await trial.begin(typeof options === 'function' ? await options() : options);
      if (healthy) {
        await trial.worker({
          id: 'healthy',
          hub: hubOf(trial.address),
          handlers: [handler('echo', ({ payload }) => payload)],
        });
        await trial.servesHealthy('before');
      }
    });
    afterEach(async () => {
      try {
        if (healthy) await trial.servesHealthy('after');
      } finally {
        await trial.end();
      }
    });
    return trial;
  }

  async begin(options: HubOptions = {}): Promise<void> {
    this.hub = createHub({ beat, log: this.hubLog.log, ...options });
    this.hub.events$.subscribe((event) => this.hubEvents.push(event));
    this.address = await this.hub.start();
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
    await this.hub.close();
    this.hubEvents.length = 0;
    this.hubLog.lines.length = 0;
  }

  later(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** A worker that is made, not started. */
  made(
    options: Partial<WorkerOptions> = {},
  ): Worker & { readonly seen: WorkerEvent[]; readonly said: string[] } {
    const { lines, log } = collector();
    const worker = createWorker({
      hub: this.address,
      log,
      reconnect: { initialMs: 10, maxMs: 100 },
      ...options,
    });
    const seen: WorkerEvent[] = [];
    worker.events$.subscribe((event) => seen.push(event));
    this.later(() => worker.close());
    return Object.assign(worker, { seen, said: lines });
  }

  /** A worker that has joined. */
  async worker(options: Partial<WorkerOptions> = {}) {
    const worker = this.made(options);
    await worker.start({ timeoutMs: 3_000 });
    return worker;
  }

  /** A peer that speaks for itself. */
  raw(kind: 'Attach' | 'Pulse' = 'Attach', address = this.address): RawPeer {
    const peer = new RawPeer(address, kind);
    this.later(() => peer.close());
    return peer;
  }

  async servesHealthy(when: string): Promise<void> {
    const reply = await this.hub.request('healthy', 'echo', { when }, { timeoutMs: 2_000 });
    expect(reply, `worker 'healthy' is served ${when}`).to.deep.equal({ when });
    expect(this.hub.workers.get('healthy')?.liveness).to.equal('alive');
  }

  /** The first event of that kind about that worker, past or to come. */
  event(kind: HubEvent['kind'], worker?: string, ms?: number): Promise<HubEvent> {
    const named = (event: HubEvent) =>
      event.kind === kind && (worker === undefined || event.worker === worker);
    return eventually(
      `an event '${kind}'${worker ? ` of '${worker}'` : ''}`,
      () => this.hubEvents.find(named),
      ms,
    );
  }

  events(kind: HubEvent['kind'], worker?: string): HubEvent[] {
    return this.hubEvents.filter(
      (event) => event.kind === kind && (worker === undefined || event.worker === worker),
    );
  }
}
