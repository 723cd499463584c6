import { textOf } from '../errors/bus-error.js';
import { BatchWriter, decodeBatch } from '../frame/codec.js';
import type { Frame } from '../frame/frame.js';
import { every, later, sharedNow } from '../time/background.js';
import { Backoff } from '../time/backoff.js';
import type { Slot } from './board.js';
import { Call } from './call.js';
import type { Sight } from './lookout.js';
import type { News, PulseOrder } from './order.js';

export interface HeartOptions {
  readonly order: PulseOrder;
  readonly slot: Slot;
  sight(): Sight;
  tell(what: Exclude<News['what'], 'ready'>, cause: string): void;
}

/** Beats for one session: dials, beats, and dials again, until it is stopped or refused. */
export class Heart {
  readonly #options: HeartOptions;
  readonly #backoff: Backoff;
  readonly #writer = new BatchWriter();
  #call: Call | undefined;
  #beating = () => {};
  #waiting = () => {};
  #answeredAt: number | undefined;
  #began = false;
  #beats = 0;
  /** Of this thread's own running time, without any answer. */
  #silentMs = 0;

  constructor(options: HeartOptions) {
    this.#options = options;
    const { initialMs, maxMs } = options.order.reconnect;
    this.#backoff = new Backoff(initialMs, maxMs, Math.random);
    this.#dial();
  }

  get order(): PulseOrder {
    return this.#options.order;
  }

  stop(): void {
    this.#waiting();
    this.#beating();
    this.#call?.abort();
    this.#call = undefined;
  }

  #dial(): void {
    const { address, tls, worker, epoch, token, intervalMs } = this.order;
    this.#beats = 0;
    this.#silentMs = 0;
    this.#answeredAt = undefined;
    try {
      this.#call = new Call(address, tls, {
        answered: () => this.#answered(),
        batch: (batch) => this.#read(batch),
        heard: () => {
          this.#silentMs = 0;
        },
        ended: (cause) => this.#ended(cause),
      });
    } catch (thrown) {
      return this.#ended(textOf(thrown));
    }
    this.#send(this.#call, { kind: 'pulse', worker, epoch, token }, this.#beat(0));
    this.#beating = every(intervalMs, (lateMs) => this.#due(lateMs));
  }

  #due(lateMs: number): void {
    const { intervalMs, lostAfterMs } = this.order;
    const call = this.#call as Call;
    this.#silentMs += Math.min(intervalMs + lateMs, 2 * intervalMs);
    if (this.#silentMs >= lostAfterMs) {
      call.abort();
      return this.#ended(`the hub did not answer for ${lostAfterMs} ms`);
    }
    if (this.#answeredAt !== undefined) this.#begin();
    call.ping();
    if (!this.#send(call, this.#beat(lateMs))) this.#beats -= 1;
  }

  #beat(lateMs: number): Frame {
    const { slot, sight } = this.#options;
    const { ticks, stillMs, holders } = sight();
    const { load } = slot;
    const { user, system } = process.cpuUsage();
    return {
      kind: 'beat',
      n: ++this.#beats,
      lateMs,
      ...load,
      // What ran at the last tick has gone on since.
      oldestMs: load.oldestMs > 0 ? load.oldestMs + stillMs : holders.length > 0 ? stillMs : 0,
      probe: false,
      progress: {
        ticks,
        stillMs,
        delayMs: slot.takeLateMs(),
        holders,
        cpuMs: (user + system) / 1e3,
        rssBytes: process.memoryUsage.rss(),
      },
    };
  }

  #send(call: Call, ...frames: Frame[]): boolean {
    for (const frame of frames) this.#writer.add(frame);
    return call.write(this.#writer.take());
  }

  #answered(): void {
    this.#answeredAt = sharedNow();
    this.#silentMs = 0;
  }

  /** An interval after the answer: what refuses a pulse answers it first. */
  #begin(): void {
    if (this.#began) return;
    this.#began = true;
    this.#options.tell('began', 'beats come from a thread of their own');
  }

  #read(batch: Uint8Array): void {
    const { tell } = this.#options;
    try {
      for (const frame of decodeBatch(batch).frames) {
        if (frame.kind === 'redial') tell('redial', frame.reason);
        if (frame.kind !== 'refusal') continue;
        if (!frame.retryable) {
          this.stop();
          return tell('refused', `the hub refused the pulse: ${frame.message}`);
        }
        this.#call?.abort();
        return this.#ended(frame.message, frame.retryAfterMs);
      }
    } catch (thrown) {
      this.#call?.abort();
      this.#ended(textOf(thrown));
    }
  }

  /** Dials after a wait. Only a call that had lasted makes the waits short again. */
  #ended(cause: string, floorMs = 0): void {
    this.#beating();
    this.#call = undefined;
    this.#began = false;
    this.#options.tell('lost', cause);
    const { maxMs } = this.order.reconnect;
    if (this.#answeredAt !== undefined && sharedNow() - this.#answeredAt >= maxMs) this.#backoff.reset();
    this.#waiting = later(this.#backoff.next(floorMs), () => this.#dial());
  }
}
