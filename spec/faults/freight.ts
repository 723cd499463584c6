import { sleep } from '../bus/moment.js';
import type { Party } from './party.js';

/** Calls with large payloads, as their sender saw them. */
export interface Loaded {
  readonly made: Readonly<Record<string, number>>;
  readonly settled: number;
  /** Large ones that arrived: of messages, replies and items. */
  readonly payloads: number;
  /** What was not as promised, in words. */
  readonly odd: readonly string[];
}

/** The same as their receiver saw them. */
export interface Unloaded {
  readonly handled: Readonly<Record<string, number>>;
  readonly odd: readonly string[];
}

/** Large payloads both ways between a hub and one worker. */
export class Freight {
  readonly #ways: readonly (readonly [from: Party, to: string, at: Party, of: string])[];

  constructor(hub: Party, worker: Party, id: string) {
    this.#ways = [
      [hub, id, worker, 'hub'],
      [worker, 'hub', hub, id],
    ];
  }

  async begin(open: number): Promise<void> {
    await Promise.all(this.#ways.map(([from, to]) => from.load(to, open)));
  }

  /** How many large payloads have arrived, the smaller number of both ways. */
  async arrived(): Promise<number> {
    const loaded = await Promise.all(this.#ways.map(([from, to]) => from.loaded(to)));
    return Math.min(...loaded.map(({ payloads }) => payloads));
  }

  /** Whether one has arrived in part, on either side. */
  async halfway(): Promise<boolean> {
    const held = await Promise.all(this.#ways.map(([party]) => party.held()));
    return held.some(({ reassembly }) => reassembly > 0);
  }

  /** Ends it, and waits until all that was sent is handled, or should have been. */
  async settled(): Promise<{ readonly loaded: Loaded; readonly unloaded: Unloaded }[]> {
    return Promise.all(
      this.#ways.map(async ([from, to, at, of]) => {
        const loaded = await from.loadNoMore(to);
        for (let tries = 0; ; tries++) {
          const unloaded = await at.unloaded(of);
          const all = Object.entries(loaded.made).every(([kind, made]) => unloaded.handled[kind] === made);
          if (all || tries === 30) return { loaded, unloaded };
          await sleep(100);
        }
      }),
    );
  }

  /** What both still hold in all their buffers when nothing is under way, in bytes. */
  async left(ms = 5_000): Promise<readonly number[]> {
    const deadline = performance.now() + ms;
    for (;;) {
      const held = await Promise.all(this.#ways.map(([party]) => party.held()));
      const bytes = held.flatMap(({ memory, reassembly }) => [memory, reassembly]);
      if (bytes.every((each) => each === 0) || performance.now() > deadline) return bytes;
      await sleep(50);
    }
  }
}
