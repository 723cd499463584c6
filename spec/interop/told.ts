/** What the processes of a trial tell, one line of JSON each. `at` is in milliseconds since 1970. */
export type Told = { readonly at: number } & (
  | { readonly kind: 'versions'; readonly versions: Readonly<Record<string, string>> }
  /** It runs: a master or hub with its address, a worker once it was taken. */
  | { readonly kind: 'ready'; readonly address: string }
  /** A handler, in the process that tells it. */
  | { readonly kind: 'began' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'noted' }
  /** Locust alone: a beat of the other side came. */
  | { readonly kind: 'beat' }
  /** Locust alone: a line of its log. */
  | { readonly kind: 'log'; readonly text: string; readonly error: string | null }
  /** Locust's master alone: its run, and how many workers it counts as there. */
  | { readonly kind: 'state'; readonly run: string; readonly ready: number }
  /** What a stranger got back. */
  | { readonly kind: 'answer'; readonly text: string | null }
  /** Drumline alone: an event of the hub or of the worker. */
  | {
      readonly kind: 'event';
      readonly event: string;
      readonly worker: string | undefined;
      readonly type: string | undefined;
      readonly cause: string;
      readonly epoch: string | undefined;
    }
  /** Drumline alone: how a request ended; `error` is null where it was answered. */
  | { readonly kind: 'settled'; readonly type: string; readonly error: string | null }
);

/** What a process of a trial is asked to do, one line of JSON each. */
export type Command =
  | { readonly do: 'send'; readonly type: string; readonly payload: number }
  | { readonly do: 'state' };
