import type { Census } from 'drumline';
import { Child, running } from './child.js';
import type { HubEnd } from './hub.js';
import { ids } from './setting.js';
import type { WorkerEnd } from './worker.js';

/** What the processes of the fleet came to. */
export interface Ends {
  readonly hubs: readonly HubEnd[];
  readonly workers: readonly WorkerEnd[];
  readonly codes: readonly (number | null)[];
}

/** Starts and retires the processes of the fleet, and keeps what they tell at their end. */
export class Director {
  readonly ends = { hubs: [] as HubEnd[], workers: [] as WorkerEnd[], codes: [] as (number | null)[] };
  readonly #workers = new Map<string, Child>();
  /** Processes that have started and not joined. */
  readonly #ahead = new Map<string, Child>();
  readonly #leaving: Promise<void>[] = [];
  #hub: Child | undefined;

  constructor(private readonly address: string) {}

  /** Resolves when it listens, where the one before did. */
  async startHub(version: string): Promise<void> {
    this.#hub = new Child(`hub ${version}`, 'hub', this.address, version);
    await this.#hub.ask('listen');
  }

  /** Starts the process of a worker that is to join later: that is what takes the time. */
  prepare(id: string, version: string): Child {
    const worker = new Child(`${id} ${version}`, 'worker', this.address, id, version);
    this.#ahead.set(id, worker);
    return worker;
  }

  /** Resolves with what the hub said to it: nothing, or why it was refused. */
  startWorker(id: string, version: string): Promise<{ refused?: string }> {
    const worker = this.#ahead.get(id) ?? this.prepare(id, version);
    this.#ahead.delete(id);
    this.#workers.set(id, worker);
    return worker.ask('join');
  }

  /** All workers are in; resolves with how long that took, in milliseconds. */
  async complete(): Promise<number> {
    const begin = performance.now();
    await this.hub.ask('complete');
    return Math.round(performance.now() - begin);
  }

  census(): Promise<Census> {
    return this.hub.ask('census');
  }

  async retireHub(): Promise<void> {
    this.ends.hubs.push(await this.hub.ask<HubEnd>('drain'));
    await this.#leaves(this.hub);
  }

  async retireWorker(id: string): Promise<void> {
    const worker = this.#workers.get(id);
    if (worker === undefined) throw new Error(`there is no worker ${id}`);
    this.#workers.delete(id);
    this.ends.workers.push(await worker.ask<WorkerEnd>('drain'));
    // Out of the fleet; nobody has to wait until its process is gone, too.
    this.#leaving.push(this.#leaves(worker));
  }

  /** Everybody goes home, workers first; the hub makes no calls any more before they do. */
  async retireAll(): Promise<void> {
    await this.hub.ask('rest');
    await Promise.all([...this.#workers.keys()].map((id) => this.retireWorker(id)));
    await this.retireHub();
    await Promise.all(this.#leaving);
  }

  get hub(): Child {
    if (this.#hub === undefined) throw new Error('there is no hub yet');
    return this.#hub;
  }

  /** The process has nothing left to do: it ends by itself. */
  async #leaves(child: Child): Promise<void> {
    child.ask('leave').catch(() => {});
    this.ends.codes.push(await child.exited);
  }
}

/** What was waited for when it was too late. */
export const owed = (): string =>
  running()
    .flatMap(({ owes }) => owes)
    .join(', ') || `one of ${running().length} processes to end`;

/** A hub and its workers, twice, and the one that was forgotten. */
export const processes = 2 * (ids.length + 1) + 1;
