import type { Load } from './board.js';
import type { PulseOrder } from './order.js';

/** Marks which handler runs, for whoever watches from another thread. Costs what writing a field costs. */
export interface Marks {
  /** A handler is there: gives its id, from 1. `plugin` is '' for the application's own. */
  add(type: string, plugin: string): number;
  /** It is gone, and none of its messages is in flight. */
  remove(id: number): void;
  /** Its synchronous part begins; gives what is to be restored by `leave` when it has ended. */
  enter(id: number): number;
  leave(before: number): void;
  /** One more of its messages, one less, waits for something and will go on. */
  count(id: number, by: 1 | -1): void;
}

/** The worker that beats are sent for. */
export interface PulseHost {
  load(): Load;
  /** Ids of the handlers in flight, the one that began first in front; some of them are enough. */
  oldest(): readonly number[];
  /** Beats come from the thread, until `lost`. */
  began(cause: string): void;
  /** No beats come from the thread: there is none, it has died, or the hub does not take them. */
  lost(cause: string): void;
  /** The hub wants the worker to dial again. */
  redial(reason: string): void;
}

/** One worker's share of the thread. */
export interface PulseMember {
  readonly marks: Marks;
  /** Beats for this session from now on, and for no other; goes on as it is if the order is the same. */
  beat(order: PulseOrder): void;
  /** Beats no more, until told to. */
  rest(): void;
  /** The worker is closed. The last one ends the thread. */
  leave(): void;
}

/** What beats for the workers of a process while their event loop does not turn. */
export interface Pulse {
  join(host: PulseHost): PulseMember;
}
