/** A worker as the hub sees it, for the table. */
export interface Row {
  readonly id: string;
  readonly version: string;
  readonly degraded: boolean;
  readonly liveness: string;
  /** Who holds its event loop, and for how long at its last beat. */
  readonly stalledBy: string | undefined;
  readonly stillMs: number;
  readonly inFlight: number;
  readonly handled: number;
  readonly lateMs: number;
}

/** What a child tells unasked. */
export type Told =
  | { readonly tell: 'listening'; readonly address: string }
  | { readonly tell: 'joined'; readonly degraded: boolean; readonly reasons: readonly string[] }
  | { readonly tell: 'refused'; readonly text: string }
  | { readonly tell: 'served'; readonly by: number; readonly pid: number }
  | { readonly tell: 'rows'; readonly rows: readonly Row[] }
  | { readonly tell: 'said'; readonly text: string };

/** A command from the director, and what a child says to it. */
export interface Ask {
  readonly ask: number;
  readonly command: string;
  readonly input: unknown;
}
export type Answer =
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failed: string };

/** How a call ended, as the one who made it saw it. */
export interface Ending {
  readonly code: string;
  readonly retryable: boolean;
  readonly delivery: string;
}
