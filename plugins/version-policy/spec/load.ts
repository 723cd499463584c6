import { any, BusError, type Hub, type Worker } from 'drumline';
import { sleep } from './moment.js';

/** A call that did not succeed. */
export interface Failure {
  readonly call: string;
  readonly error: unknown;
  /** How many calls had begun before it. */
  readonly begun: number;
}

/** Requests and sends, all the time, and what became of each. */
export class Load {
  begun = 0;
  answered = 0;
  readonly accepted = new Set<number>();
  readonly failures: Failure[] = [];
  /** How often each send was handled. */
  readonly handled = new Map<number, number>();
  #next = 0;
  readonly #loops: Promise<void>[] = [];
  readonly #stopped = new WeakSet<object>();

  /** Calls from the hub to whoever has room, until it is told to stop. */
  fromHub(hub: Hub): void {
    for (let loop = 0; loop < 3; loop++) {
      this.#repeat(hub, 'request to any()', async (n) => {
        if ((await hub.request(any(), 'double', n)) !== 2 * n) throw new Error('the wrong answer');
        this.answered += 1;
      });
      this.#repeat(hub, 'send to any()', async (n) => {
        await hub.send(any(), 'job', n);
        this.accepted.add(n);
      });
    }
  }

  /** Requests from a worker to its hub, until it is told to stop. */
  fromWorker(worker: Worker): void {
    this.#repeat(worker, `request of ${worker.id}`, async (n) => {
      if ((await worker.request('half', 2 * n)) !== n) throw new Error('the wrong answer');
      this.answered += 1;
    });
  }

  stop(caller: Hub | Worker): void {
    this.#stopped.add(caller);
  }

  handle(n: number): void {
    this.handled.set(n, (this.handled.get(n) ?? 0) + 1);
  }

  /** Every call has come to its end. */
  async ended(): Promise<void> {
    await Promise.all(this.#loops);
  }

  #repeat(caller: object, call: string, run: (n: number) => Promise<void>): void {
    const loop = async () => {
      while (!this.#stopped.has(caller)) {
        const begun = ++this.#next;
        this.begun += 1;
        await run(begun).catch((error) => this.failures.push({ call, error, begun }));
        await sleep(2);
      }
    };
    this.#loops.push(loop());
  }
}

/** A failure that the caller may answer with the same call, as the documentation promises. */
export const mayBeRepeated = ({ error }: Failure): boolean => BusError.is(error) && error.retryable;
