// What the two threads tell each other. All of it is cloned on the way: plain data and shared memory alone.
import type { ClientTls } from '../transport/link.js';

/** For which session to beat, where, and how often. Milliseconds. */
export interface PulseOrder {
  readonly address: string;
  readonly tls?: ClientTls;
  readonly worker: string;
  readonly epoch: string;
  /** The secret of the session, from its welcome. */
  readonly token: string;
  readonly intervalMs: number;
  readonly lostAfterMs: number;
  /** Of the waits between two dials. */
  readonly reconnect: { readonly initialMs: number; readonly maxMs: number };
}

/** From the main thread. `member` names one worker of the process, `turn` one order for it. */
export type Told =
  | { readonly do: 'look'; readonly board: SharedArrayBuffer; readonly tickMs: number }
  | { readonly do: 'name'; readonly id: number; readonly type: string; readonly plugin: string }
  | { readonly do: 'forget'; readonly id: number }
  | {
      readonly do: 'beat';
      readonly member: number;
      readonly turn: number;
      readonly slot: SharedArrayBuffer;
      readonly order: PulseOrder;
    }
  | { readonly do: 'rest'; readonly member: number };

/** To the main thread. News of an order that has been replaced are void. */
export type News =
  | { readonly what: 'ready' }
  | {
      /** Beats reach the hub; they do not; the hub wants no more of them; the hub wants the worker to dial again. */
      readonly what: 'began' | 'lost' | 'refused' | 'redial';
      readonly member: number;
      readonly turn: number;
      readonly cause: string;
    };
