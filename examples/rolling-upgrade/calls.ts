import { BusError } from 'drumline';
import { pauseMs, sleep } from './setting.js';

/** What became of the calls of one process. Every call is one of the three. */
export interface Tally {
  answered: number;
  /** Failed with leave to make the same call again. By code. */
  retryable: Record<string, number>;
  /** Failed in another way, in words. */
  wrong: string[];
}

/** Makes calls one after the other until it is stopped, and keeps the tally. */
export class Calls {
  readonly tally: Tally = { answered: 0, retryable: {}, wrong: [] };
  #stopped = false;
  #next = 0;
  readonly #loops: Promise<void>[] = [];

  /** `call` gets a number that no other call of this process has. */
  repeat(call: (n: number) => Promise<void>): void {
    this.#loops.push(this.#loop(call));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(call: (n: number) => Promise<void>): Promise<void> {
    const { tally } = this;
    while (!this.#stopped) {
      try {
        await call(++this.#next);
        tally.answered += 1;
      } catch (thrown) {
        if (!BusError.is(thrown) || !thrown.retryable) tally.wrong.push(String(thrown));
        else tally.retryable[thrown.code] = (tally.retryable[thrown.code] ?? 0) + 1;
      }
      await sleep(pauseMs);
    }
  }
}
