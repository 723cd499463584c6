import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type { Log } from 'drumline/plugin';
import { Piscina, queueOptionsSymbol } from 'piscina';
import type { Settings } from './option.js';
import type { Answer, Greeting, Order } from './order.js';
import { Thread } from './thread.js';

/** What a thread is asked to do, and who wants to know which thread it is. */
export interface Job {
  /** Ends it; if a thread has it already, with that thread. */
  readonly kill: AbortController;
  /** The thread that has it; until then it waits for one to start. */
  thread: Thread | undefined;
  taken(thread: Thread): void;
}

/**
 * The threads, as piscina starts and ends them. At most as many jobs as there may be threads: nothing waits here but for
 * a thread that starts. (piscina's own queue has no bound for jobs that can be ended, and a job in it hangs if the
 * thread that it waits for cannot start.)
 */
export class Crew {
  readonly #piscina: Piscina;
  readonly #threads = new Map<Worker, Thread>();
  readonly #jobs = new Set<Job>();
  readonly #log: Log;
  /** Why a thread ended that had no job, until another one starts. */
  #trouble: unknown;

  constructor({ threads, minThreads, idleTimeoutMs, worker }: Settings, log: Log) {
    this.#log = log;
    this.#piscina = new Piscina({
      ...worker,
      filename: fileURLToPath(new URL('./entry.js', import.meta.url)),
      name: 'run',
      minThreads,
      maxThreads: threads,
      idleTimeout: idleTimeoutMs,
      // A thread that waits on Atomics between jobs hears nothing else; measured, that is no faster either.
      atomics: 'disabled',
      recordTiming: false,
      loadBalancer: (task, workers) => {
        const free = workers.find(({ currentUsage, destroyed }) => currentUsage === 0 && !destroyed);
        const job = task[queueOptionsSymbol] as Job;
        if (free !== undefined) this.#take(job, free.id);
        return free ?? null;
      },
    });
    this.#piscina.on('message', (message: Greeting) => {
      if (message?.greeting === 'drumline') this.#greet(message);
    });
    this.#piscina.on('error', (thrown: unknown) => {
      this.#trouble = thrown;
      log.error(`a thread without a message ended: ${textOf(thrown)}`, { error: thrown });
    });
    this.#piscina.on('workerDestroy', () => setImmediate(() => this.#giveUp()));
  }

  /** Rejects if the thread ended; by then it has. */
  async run(order: Order, transfer: readonly ArrayBuffer[], job: Job): Promise<Answer> {
    return (await this.#run({ ...order }, 'run', transfer, job)) as Answer;
  }

  /** Rejects if no thread can be started. */
  async probe(job: Job): Promise<void> {
    await this.#run({}, 'probe', [], job);
  }

  /** Ends all threads; resolves when none is left. What they do then rejects. */
  async end(): Promise<void> {
    for (const worker of this.#piscina.threads) this.#threadOf(worker);
    await this.#piscina.destroy();
    await Promise.all([...this.#threads.values()].map(({ ended }) => ended));
  }

  async #run(order: object, name: string, transfer: readonly ArrayBuffer[], job: Job): Promise<unknown> {
    this.#jobs.add(job);
    try {
      const task = Object.assign(order, { [queueOptionsSymbol]: job });
      return await this.#piscina.run(task, { name, transferList: [...transfer], signal: job.kill.signal });
    } catch (thrown) {
      const { thread } = job;
      if (thread === undefined) {
        const wasKilled = job.kill.signal.aborted;
        job.kill.abort();
        throw wasKilled ? (this.#trouble ?? new Error('it ended before it was ready')) : thrown;
      }
      if (!this.#piscina.threads.includes(thread.worker)) await thread.ended;
      throw thrown;
    } finally {
      this.#jobs.delete(job);
    }
  }

  #take(job: Job, threadId: number): void {
    const worker = this.#piscina.threads.find((one) => one.threadId === threadId);
    if (worker === undefined) return;
    job.thread = this.#threadOf(worker);
    job.taken(job.thread);
  }

  #greet(greeting: Greeting): void {
    const worker = this.#piscina.threads.find(({ threadId }) => threadId === greeting.threadId);
    if (worker === undefined) greeting.port.close();
    else this.#threadOf(worker).greet(greeting);
    this.#trouble = undefined;
  }

  #threadOf(worker: Worker): Thread {
    let thread = this.#threads.get(worker);
    if (thread === undefined) {
      thread = new Thread(worker, this.#log);
      this.#threads.set(worker, thread);
      void thread.ended.then(() => this.#threads.delete(worker));
    }
    return thread;
  }

  /** Jobs for which no thread starts any more would wait for ever. */
  #giveUp(): void {
    const alive = new Set(this.#piscina.threads);
    const waiting = [...this.#jobs].filter(({ thread }) => thread === undefined);
    const busy = [...this.#jobs].filter(({ thread }) => thread !== undefined && alive.has(thread.worker));
    for (const job of waiting.slice(Math.max(0, alive.size - busy.length))) job.kill.abort();
  }
}

/** What was thrown, as one line; never throws. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  } catch {
    return 'a value that cannot be printed';
  }
}
