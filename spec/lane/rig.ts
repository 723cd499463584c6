import { from, type ObservableInput, Subject, type Subscription } from 'rxjs';
import type { Totals } from '../../lib/frame/frame.js';
import { Gate } from '../../lib/lane/gate.js';
import { Lane, type LaneOptions } from '../../lib/lane/lane.js';
import type { Listener, Ongoing } from '../../lib/lane/slot.js';
import type { LaneSource } from '../../lib/lane/source.js';
import type { Work } from '../../lib/lane/work.js';
import { type VirtualClock, virtualClock } from '../../lib/testing/virtual-clock.js';

export interface Job extends Work {
  readonly name: string;
}

interface Options extends Partial<Omit<LaneOptions<Job, string>, 'run'>> {
  /** As the lane's, or an observable that does not error. */
  run?(work: Job): readonly string[] | Ongoing<string> | ObservableInput<string> | undefined;
}

/** What an observable gives. */
const ongoing = (values$: ObservableInput<string>): Ongoing<string> => {
  let subscription: Subscription | undefined;
  return {
    follow(listener: Listener<string>) {
      subscription = from(values$).subscribe({
        next: (value) => listener.value(value),
        complete: () => listener.ended(),
      });
    },
    leave: () => subscription?.unsubscribe(),
  };
};

/** A lane on a virtual clock, with a record of what started, what came out and what failed. */
export class Rig {
  readonly clock: VirtualClock;
  readonly lane: Lane<Job, string>;
  readonly started: string[] = [];
  readonly outputs: string[] = [];
  readonly failures: unknown[] = [];
  completed = false;
  /** The handler that most specs want; wide open. */
  readonly gate = new Gate(Number.POSITIVE_INFINITY);

  constructor({ run = () => undefined, ...options }: Options = {}) {
    this.clock = virtualClock();
    this.lane = new Lane<Job, string>({
      concurrency: 64,
      capacity: 16384,
      capacityBytes: 64 * 1024 * 1024,
      clock: this.clock,
      onFailure: (_, thrown) => void this.failures.push(thrown),
      ...options,
      run: (work) => {
        this.started.push(work.name);
        const result = run(work);
        if (typeof result !== 'object' || Array.isArray(result) || 'follow' in result)
          return result as readonly string[] | Ongoing<string> | undefined;
        return ongoing(result as ObservableInput<string>);
      },
    });
    this.lane.outputs$.subscribe({
      next: (output) => this.outputs.push(output),
      complete: () => {
        this.completed = true;
      },
    });
  }

  job(name: string | number, { gate = this.gate, key, bytes = 1 }: Partial<Job> = {}): Job {
    return { name: String(name), type: 'job', gate, key, bytes };
  }

  peer(): Peer {
    return new Peer(this.lane);
  }

  /** One that has sent 448 works, all of which have ended, and so may send 512 at once. */
  async busyPeer(): Promise<Peer> {
    const peer = this.peer();
    for (const count of [64, 128, 256]) {
      peer.send(...numbers(count).map((n) => this.job(n)));
      await this.clock.settle();
    }
    return peer;
  }
}

/** A sender that keeps to its credit: what it may not send yet waits. */
export class Peer {
  readonly source: LaneSource<Job>;
  readonly grants: Totals[] = [];
  readonly waiting: Job[] = [];
  messages = 0;
  bytes = 0;
  #limit: Totals;
  #next = 0;

  constructor(lane: Lane<Job, string>) {
    this.source = lane.source((limit) => {
      this.grants.push(limit);
      this.#limit = limit;
      this.#flush();
    });
    this.#limit = this.source.limit;
  }

  get unsent(): number {
    return this.waiting.length - this.#next;
  }

  send(...jobs: Job[]): void {
    this.waiting.push(...jobs);
    this.#flush();
  }

  #flush(): void {
    while (this.messages < this.#limit.messages && this.bytes < this.#limit.bytes) {
      const job = this.waiting[this.#next];
      if (job === undefined) return;
      this.#next += 1;
      this.messages += 1;
      this.bytes += job.bytes;
      if (!this.source.admit(job)) throw new Error(`${job.name} was refused within its credit`);
    }
  }
}

/** Works that end when the spec says so. */
export class Doors {
  readonly #open = new Map<string, Subject<string>>();

  readonly run = (work: Work & { name: string }): Subject<string> => {
    const door = new Subject<string>();
    this.#open.set(work.name, door);
    return door;
  };

  get names(): string[] {
    return [...this.#open.keys()];
  }

  emit(name: string, value: string): void {
    this.#open.get(name)?.next(value);
  }

  end(...names: string[]): void {
    for (const name of names) {
      const door = this.#open.get(name);
      this.#open.delete(name);
      door?.complete();
    }
  }
}

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
