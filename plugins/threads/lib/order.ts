import type { MessagePort } from 'node:worker_threads';
import type { Peer } from 'drumline/plugin';
import type { Failure } from './failure.js';
import type { Packed } from './pack.js';

// What a process and its threads say to each other. Orders and answers go through piscina, the rest through a port of
// the thread's own, so the two can overtake each other.

/** One message for the handler that a module exports. */
export interface Order {
  readonly task: number;
  readonly module: string;
  readonly export: string;
  readonly call: Call;
  readonly payload: Packed;
}

/** What the handler gets, but for its payload. */
export interface Call {
  readonly type: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly from: Peer;
  readonly deadline: number | undefined;
  readonly attempt: number;
}

/** What became of it: a value, a stream whose items went through the port, or what was thrown. */
export type Answer =
  | { readonly kind: 'value'; readonly value: Packed }
  | { readonly kind: 'streamed' }
  | { readonly kind: 'fault'; readonly failure: Failure };

/** The first word of a thread, over piscina's channel. */
export interface Greeting {
  readonly greeting: 'drumline';
  readonly threadId: number;
  readonly port: MessagePort;
  /** How many log lines are on their way: counted up there, and down here. */
  readonly lines: Int32Array;
}

export type ToThread =
  | { readonly task: number; readonly kind: 'abort'; readonly reason: Failure }
  /** So many items in all may come. */
  | { readonly task: number; readonly kind: 'allow'; readonly items: number }
  | { readonly task: number; readonly kind: 'stop' };

/** For the log. */
export interface Line {
  readonly task: number;
  readonly kind: 'line';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly details?: Packed;
}

export type FromThread =
  | { readonly task: number; readonly kind: 'stream' }
  | { readonly task: number; readonly kind: 'item'; readonly value: Packed }
  | { readonly task: number; readonly kind: 'end'; readonly failure?: Failure }
  | Line;

/** Items of a stream that may be on their way without having been asked for. */
export const streamWindow = 16;

/** Log lines of one thread that may be on their way; beyond, they are left out and counted. */
export const maxLines = 256;
