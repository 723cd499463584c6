import type { Gate } from './gate.js';

/** One message that waits for its handler or runs in it. The lane adds nothing to it and knows it by identity. */
export interface Work {
  /** Of the handler; works of one source at one gate start in the order in which they were admitted. */
  readonly gate: Gate;
  /** Of the key, with limit 1, for a handler that keeps order per key; belongs to one handler. */
  readonly key?: Gate | undefined;
  readonly type: string;
  /** Size of the payload, as its sender counted it against the credit. */
  readonly bytes: number;
}
