import { Observable } from 'rxjs';
import type { VirtualClock } from '../../lib/testing/virtual-clock.js';
import type { Clock } from '../../lib/time/clock.js';
import type { Link, Transport } from '../../lib/transport/link.js';
import type { MemoryNetwork } from '../../lib/transport/memory/memory-network.js';

type Task = () => void;

/** A fault that is put under the bus on purpose, to show that the simulation finds it. */
export type LinkFault = (link: Link, host: string) => Link;

/**
 * One process of the simulation: its clock and its links. It can be held, as by a handler that computes (timers and
 * input wait, and the timers come first), and killed (nothing of it ever runs again). Its date can jump.
 */
export class Machine {
  readonly clock: Clock;
  readonly transport: Transport;
  #state: 'running' | 'held' | 'dead' = 'running';
  #timers: Task[] = [];
  #input: Task[] = [];
  #waking = false;
  #dateMs = 0;
  #heldAt = 0;
  #heldMs = 0;
  #lateMs = 0;
  /** Batches, in and out, until what was asked for happens. */
  #left = 0;
  #trip: Task = () => {};
  /** Cancels the timers that are not due. */
  readonly #due = new Set<() => void>();

  constructor(
    readonly host: string,
    private readonly base: VirtualClock,
    network: MemoryNetwork,
    fault: LinkFault = (link) => link,
  ) {
    const { now, schedule } = base;
    this.clock = {
      now,
      date: () => base.date() + this.#dateMs,
      schedule,
      after: (ms, task) => {
        if (!this.alive) return () => {};
        let cancelled = false;
        const due = base.after(ms, () => {
          this.#due.delete(due);
          this.#run(this.#timers, () => cancelled || task());
        });
        this.#due.add(due);
        return () => {
          cancelled = true;
          this.#due.delete(due);
          due();
        };
      },
      soon: (task) => base.soon(() => this.#run(this.#timers, task)),
      atTurnEnd: (task) => base.atTurnEnd(() => this.alive && task()),
    };
    const under = network.transport(host);
    this.transport = {
      listen: (options, accept) =>
        under.listen(options, (link, kind) =>
          this.#run(this.#input, () => accept(this.#wrap(fault(link, host)), kind)),
        ),
      dial: (options, kind) => this.#wrap(fault(under.dial(options, kind), host)),
    };
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  /** Sets the date, as an operator or a time server does. */
  jump(ms: number): void {
    this.#dateMs += ms;
  }

  /** Calls `task` between two batches: before the one with this count from now is written or read. */
  after(batches: number, task: Task): void {
    this.#left = batches;
    this.#trip = task;
  }

  /** For how long it has been held without a break, in milliseconds; 0 while it runs. */
  get stillMs(): number {
    return this.#state === 'held' ? this.base.now() - this.#heldAt : 0;
  }

  /** For how long it has been held in all, in milliseconds. */
  get heldMs(): number {
    return this.#heldMs + this.stillMs;
  }

  /** For how long it was held at most, of the times that have ended since this was last asked. */
  takeLateMs(): number {
    const lateMs = this.#lateMs;
    this.#lateMs = 0;
    return lateMs;
  }

  hold(): void {
    if (this.#state !== 'running') return;
    this.#state = 'held';
    this.#heldAt = this.base.now();
  }

  release(): void {
    if (this.#state !== 'held') return;
    this.#heldMs += this.stillMs;
    this.#lateMs = Math.max(this.#lateMs, this.stillMs);
    this.#state = 'running';
    if (!this.#waking) this.#wake();
  }

  kill(): void {
    this.#heldMs += this.stillMs;
    this.#state = 'dead';
    this.#timers = [];
    this.#input = [];
    for (const cancel of this.#due) cancel();
  }

  /** Resolves after a time of this machine; never, once it is dead. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  #count(): void {
    if (this.#left === 0) return;
    this.#left -= 1;
    if (this.#left === 0) this.#trip();
  }

  #run(queue: Task[], task: Task): void {
    if (this.#state === 'running' && !this.#waking) task();
    else if (this.alive) queue.push(task);
  }

  /** One task a turn, so that promises settle between them as they do in an event loop. */
  #wake(): void {
    this.#waking = true;
    this.base.soon(() => {
      if (this.#state !== 'running') {
        this.#waking = false;
        return;
      }
      const task = this.#timers.shift() ?? this.#input.shift();
      this.#waking = this.#timers.length + this.#input.length > 0;
      task?.();
      if (this.#waking) this.#wake();
    });
  }

  #wrap(link: Link): Link {
    return {
      peer: link.peer,
      batches$: new Observable((subscriber) =>
        link.batches$.subscribe({
          next: (batch) =>
            this.#run(this.#input, () => {
              this.#count();
              subscriber.next(batch);
            }),
          error: (error) => this.#run(this.#input, () => subscriber.error(error)),
          complete: () => this.#run(this.#input, () => subscriber.complete()),
        }),
      ),
      write: (batch, done) => {
        if (!this.alive) return;
        this.#count();
        link.write(batch, () => this.#run(this.#input, done));
      },
      close: async () => {
        if (this.alive) await link.close();
      },
      abort: () => this.alive && link.abort(),
    };
  }
}
