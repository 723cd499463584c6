import { Worker } from 'node:worker_threads';
import { textOf } from '../errors/bus-error.js';
import { every, later, sharedNow } from '../time/background.js';
import { Backoff } from '../time/backoff.js';
import { Chart } from './chart.js';
import { Member } from './member.js';
import type { News, Told } from './order.js';
import type { Pulse, PulseHost, PulseMember } from './pulse.js';

/** Looked up only when a thread is wanted: a bundle may have no such file, or no place to find it by. */
const threadFile = (): URL => new URL('./thread.js', import.meta.url);

/** The thread needs 4 MB of heap: these keep a mistake in it from taking more than a little. */
const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 };

/** Wait before a thread that died is replaced, in milliseconds. */
const restart = { initialMs: 100, maxMs: 10_000 } as const;

/** One thread for all workers of a process. It is there while one of them beats, and keeps no process alive. */
export class ThreadPulse implements Pulse {
  readonly #file: () => URL;
  readonly #members = new Map<number, Member>();
  readonly #chart: Chart;
  readonly #backoff = new Backoff(restart.initialMs, restart.maxMs, Math.random);
  #thread: Worker | undefined;
  #ready = false;
  #startedAt = 0;
  #restarting = () => {};
  #ticking = () => {};
  #tickMs = Number.POSITIVE_INFINITY;
  #joined = 0;

  constructor(file: () => URL = threadFile) {
    this.#file = file;
    this.#chart = new Chart({
      board: () => this.#look(),
      name: (id, type, plugin) => this.#tell({ do: 'name', id, type, plugin }),
      forget: (id) => this.#tell({ do: 'forget', id }),
    });
  }

  join(host: PulseHost): PulseMember {
    const number = ++this.#joined;
    const member = new Member(host, this.#chart, {
      beat: () => this.#beat(number, member),
      rest: () => this.#rest(number),
      leave: () => this.#leave(number),
    });
    return member;
  }

  #beat(number: number, member: Member): void {
    this.#members.set(number, member);
    this.#tick();
    if (this.#thread === undefined) return this.#start();
    this.#tell(member.told(number));
  }

  #rest(number: number): void {
    this.#tell({ do: 'rest', member: number });
    this.#tick();
  }

  #leave(number: number): void {
    this.#members.delete(number);
    this.#tick();
    if (this.#members.size > 0) return this.#tell({ do: 'rest', member: number });
    this.#restarting();
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
  }

  #start(): void {
    this.#restarting();
    this.#ready = false;
    this.#startedAt = sharedNow();
    let thread: Worker;
    try {
      // No flags, hooks or variables of the application: its tools have no business in there.
      thread = new Worker(this.#file(), {
        name: 'drumline-pulse',
        execArgv: [],
        env: trustOf(process.env),
        resourceLimits,
      });
    } catch (thrown) {
      // Told later, like the end of one that begins: whoever gave the order is not done.
      later(0, () => this.#lost(`there is no thread: ${textOf(thrown)}`));
      return;
    }
    this.#thread = thread;
    let cause = 'it ended';
    thread.on('error', (thrown) => {
      cause = textOf(thrown);
    });
    thread.on('exit', () => this.#died(thread, cause));
    thread.on('message', (news: News) => this.#hear(thread, news));
    // After that: whoever listens to a thread waits for it.
    thread.unref();
    this.#chart.tellAll();
    for (const [number, member] of this.#members) if (member.order) this.#tell(member.told(number));
  }

  #hear(thread: Worker, news: News): void {
    if (thread !== this.#thread) return;
    if (news.what === 'ready') this.#ready = true;
    else this.#members.get(news.member)?.hear(news);
  }

  /** One that never ran would not run the next time either: the next order tries again. */
  #died(thread: Worker, cause: string): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    if (!this.#ready) return this.#lost(`there is no thread: ${cause}`);
    this.#lost(`the thread died: ${cause}`);
    if (sharedNow() - this.#startedAt >= restart.maxMs) this.#backoff.reset();
    this.#restarting = later(this.#backoff.next(), () => {
      if ([...this.#members.values()].some(({ order }) => order)) this.#start();
    });
  }

  #lost(cause: string): void {
    for (const member of [...this.#members.values()]) member.lost(cause);
  }

  /** As often as the shortest interval wants it; not at all while nobody beats. */
  #tick(): void {
    const intervals = [...this.#members.values()].flatMap(({ order }) => order?.intervalMs ?? []);
    const tickMs =
      intervals.length === 0
        ? Number.POSITIVE_INFINITY
        : Math.max(10, Math.min(Math.min(...intervals) / 4, 250));
    if (tickMs === this.#tickMs) return;
    this.#tickMs = tickMs;
    this.#ticking();
    this.#ticking = () => {};
    if (tickMs === Number.POSITIVE_INFINITY) return;
    this.#chart.board.tick(sharedNow());
    this.#ticking = every(tickMs, (lateMs) => {
      for (const member of this.#members.values()) member.write(lateMs);
      this.#chart.board.tick(sharedNow());
    });
    this.#look();
  }

  #look(): void {
    if (this.#tickMs === Number.POSITIVE_INFINITY) return;
    this.#tell({ do: 'look', board: this.#chart.board.memory, tickMs: this.#tickMs });
  }

  #tell(told: Told): void {
    this.#thread?.postMessage(told);
  }
}

/** What the main link goes by when it trusts a certificate goes for the thread too. */
const trustOf = ({ NODE_TLS_REJECT_UNAUTHORIZED: reject }: NodeJS.ProcessEnv) =>
  reject === undefined ? {} : { NODE_TLS_REJECT_UNAUTHORIZED: reject };

/** The thread of this process. */
export const threadPulse: Pulse = new ThreadPulse();
