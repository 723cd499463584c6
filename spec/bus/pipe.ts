import type { Socket } from 'node:net';

/** How fast bytes may pass, and how many may wait for it; the sender is not read beyond them. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly bufferBytes: number;
}

const stepMs = 5;

/** One direction of a connection: passes bytes on as they come, or at a pace, or not at all. Holds few of them. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #held = false;
  #pace: Pace | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pacedAt = 0;
  #allowance = 0;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (chunk: Buffer) => {
      this.#waiting.push(chunk);
      this.#bytes += chunk.length;
      this.#pass();
    });
    to.on('drain', () => this.#pass());
  }

  /** While true, nothing passes, and the connection stays open. */
  hold(held: boolean): void {
    this.#held = held;
    this.#pass();
  }

  /** From now on at this pace; undefined: as fast as it goes. */
  limit(pace: Pace | undefined): void {
    this.#pace = pace;
    this.#pacedAt = performance.now();
    this.#allowance = 0;
    clearInterval(this.#timer);
    this.#timer = pace && setInterval(() => this.#pass(), stepMs);
    this.#pass();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#held = true;
    this.#waiting = [];
  }

  #pass(): void {
    if (!this.#held) {
      let room = this.#room();
      while (room > 0 && !this.#to.writableNeedDrain) {
        const chunk = this.#waiting.shift();
        if (chunk === undefined) break;
        const part = chunk.subarray(0, room);
        if (part.length < chunk.length) this.#waiting.unshift(chunk.subarray(part.length));
        this.#to.write(part);
        this.#bytes -= part.length;
        room -= part.length;
        this.#allowance -= part.length;
      }
    }
    if (this.#held || this.#bytes >= (this.#pace?.bufferBytes ?? 1)) this.#from.pause();
    else this.#from.resume();
  }

  /** Bytes that may pass now: what the pace has earned since the last time, but not for a time when nothing waited. */
  #room(): number {
    if (this.#pace === undefined) return Number.POSITIVE_INFINITY;
    const now = performance.now();
    const { bytesPerSecond } = this.#pace;
    this.#allowance += ((now - this.#pacedAt) / 1_000) * bytesPerSecond;
    this.#pacedAt = now;
    if (this.#waiting.length === 0) this.#allowance = Math.min(this.#allowance, bytesPerSecond / 50);
    return Math.floor(this.#allowance);
  }
}
