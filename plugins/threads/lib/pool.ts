import { BusError, type Context, type HandlerMessage, type HandlerModule, type Log } from 'drumline/plugin';
import { Crew } from './crew.js';
import { lossOf } from './loss.js';
import type { Settings } from './option.js';
import { transferOf } from './pack.js';
import { Task } from './task.js';

/** The threads of one hub or worker, and the messages that wait for one. */
export class Pool {
  readonly #crew: Crew;
  readonly #queue = new Set<Task>();
  readonly #running = new Set<Task>();
  #closed = false;

  constructor(
    private readonly settings: Settings,
    log: Log,
  ) {
    this.#crew = new Crew(settings, log);
  }

  /** Rejects if no thread can be started, or the signal fires. */
  async start(signal: AbortSignal): Promise<void> {
    const kill = new AbortController();
    const abort = () => kill.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await this.#crew.probe({ kill, thread: undefined, taken() {} });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Gives what the handler gives. Throws `overflow` when too many wait, `closed` after `close`. */
  execute(place: HandlerModule, message: HandlerMessage, context: Context): Promise<unknown> {
    const { signal } = context;
    const { threads, maxQueued, endAfterMs } = this.settings;
    if (this.#closed) throw closed();
    signal.throwIfAborted();
    const waits = this.#running.size >= threads;
    if (waits && this.#queue.size >= maxQueued) throw overflow(message.type, maxQueued);
    const task = new Task(place, message, context, endAfterMs);
    signal.addEventListener('abort', () => this.#leave(task), { once: true });
    if (waits) this.#queue.add(task);
    else void this.#run(task);
    return task.result;
  }

  /** Ends all threads, whatever they do. Resolves when none is left. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#queue) task.fail(closed());
    this.#queue.clear();
    for (const task of this.#running) task.reason ??= closed();
    await this.#crew.end();
  }

  #leave(task: Task): void {
    const { reason } = task.context.signal;
    if (this.#queue.delete(task)) task.fail(reason);
    else if (this.#running.has(task)) task.leave(reason);
  }

  async #run(task: Task): Promise<void> {
    this.#running.add(task);
    try {
      const order = task.order();
      task.answered(await this.#crew.run(order, transferOf(order.payload), task));
    } catch (thrown) {
      task.fail(
        task.reason ?? (BusError.is(thrown) ? thrown : lossOf(task.message.type, thrown, task.thread)),
      );
    } finally {
      this.#running.delete(task);
      this.#next();
    }
  }

  #next(): void {
    const [task] = this.#queue;
    if (task === undefined) return;
    this.#queue.delete(task);
    void this.#run(task);
  }
}

const closed = () => new BusError('closed', 'the threads have been ended: the hub or worker stops');

const overflow = (type: string, maxQueued: number) =>
  new BusError('overflow', `'${type}' finds no thread: ${maxQueued} messages wait already (maxQueued)`, {
    details: { type, maxQueued },
  });
