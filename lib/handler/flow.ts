import type { Clock } from '../time/clock.js';
import type { Demand } from './demand.js';

/** Takes what a flow delivers. None of these throws. */
export interface Sink {
  item(value: unknown): void;
  /** The source has ended; nothing runs any more. */
  end(): void;
  /** The source has failed; nothing runs any more. */
  fail(thrown: unknown): void;
  /** The source is to be stopped, for this reason. */
  stop(reason: Error): void;
}

/** The items that a handler gives, whatever it gives them as. */
export interface Flow {
  /** Delivers items as the demand allows. To be called once, and not after `stop`. */
  start(demand: Demand, clock: Clock, sink: Sink): void;
  /** Delivers nothing more. Settles when the source has let go; rejects with what it threw then. */
  stop(): Promise<void>;
}
