import type { Frame, Message, Outcome } from '../frame/frame.js';

/** A payload that goes to several peers. */
export interface Shared {
  /** How many hold it; counted by them. */
  holders: number;
}

/** A data frame on its way out. The outbox knows it by identity. */
export interface Outgoing {
  /** The outbox writes its `seq` as it leaves. What is not kept may wait in several, and has the number of the last. */
  readonly frame: Message | Outcome;
  /** Size of the payload, as it counts against the credit. */
  readonly bytes: number;
  /** Kept until acknowledged, and replayed after a reconnect. A publish is not. */
  readonly kept: boolean;
  /** An outcome that this side may end without: a refusal of what came while it drained. */
  readonly courtesy?: boolean;
  /** The same for all that have this payload in common. */
  readonly shared?: Shared | undefined;
  /** The peer has received it. */
  acked?(): void;
}

/**
 * What happens to a message for which there is no room: `drop-newest` drops it; `drop-oldest` drops the publishes that
 * have waited longest instead; `wait` takes it while not too many wait beyond the capacity; `reject` turns it away.
 */
export type OverflowRule = 'drop-newest' | 'drop-oldest' | 'wait' | 'reject';

/**
 * What became of an offer. After `dropped`, `full` and `out-of-memory` the message is not in the outbox; the last means
 * that it would have had a place here, but that the process holds too much.
 */
export type Offered = 'queued' | 'dropped' | 'dropped-oldest' | 'full' | 'out-of-memory';

/** The memory of a batch: given back once nobody reads the batch any more, if at all. */
export interface Lent {
  giveBack(): void;
}

/** Encodes the frames of a batch: the codec's writer. */
export interface BatchPort {
  /** Bytes added since the last `take`. */
  readonly size: number;
  /** Of the batch that is made. */
  readonly memory: Lent;
  add(frame: Frame): void;
  take(): Uint8Array;
}
