/** Options of `send`, `request` and `stream`. */
export interface CallOptions {
  /** Until it must have been accepted (`send`), answered (`request`) or ended (`stream`), in milliseconds; default 30,000. `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** Cancels the call: the handler's signal fires, and the caller gets `cancelled`. */
  readonly signal?: AbortSignal;
  /** For the handler to read as `message.headers`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What happens when there is no room: `wait` (default), or `reject` with `overflow`. */
  readonly overflow?: 'wait' | 'reject';
}

/** Options of `publish`. */
export interface PublishOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is dropped when there is no room: the message itself (`drop-newest`, default) or the oldest publish that waits. */
  readonly overflow?: 'drop-newest' | 'drop-oldest';
}

/** What became of a `publish`, counted in messages; older ones that were dropped for it count as dropped, each. */
export interface Published {
  readonly queued: number;
  readonly dropped: number;
}

/** For calls without options: one for all of them. */
export const noOptions: CallOptions & PublishOptions = Object.freeze({});
