/** Short, so that a few seconds of waiting are far beyond them. */
export const beat = { intervalMs: 200, suspectAfterMs: 1_500, lostAfterMs: 2_500, stalledAfterMs: 2_000 };

export const hubVersion = '2.32.2';

/** Versions that the hub lets in; what cannot be read as a version comes in too, and is said. */
export const letIn = '^2.25.0';

/** Requests to the hub that a worker may make in a window, by its plan. */
export const plans = { crew: 1_000_000, guest: 5 };
/** Longer than everything here: nobody gets a second helping. */
export const quotaWindowMs = 600_000;

export interface Recruit {
  readonly id: string;
  /** The application's version as the worker names it. */
  readonly version?: string;
  /** What it may send to the hub. */
  readonly plan: keyof typeof plans;
  /** Whether the hub should have something to say about that version. */
  readonly odd: boolean;
}

export const crew: readonly Recruit[] = [
  { id: 'w1', version: '2.32.2', plan: 'crew', odd: false },
  { id: 'w2', version: '2.32.2', plan: 'crew', odd: false },
  { id: 'w3', version: '2.25.0', plan: 'crew', odd: false },
  { id: 'w4', plan: 'crew', odd: true },
  { id: 'w5', version: "tuesday's build", plan: 'crew', odd: true },
];

/** The worker whose handler computes. It handles all that the crew does, and is not asked for it meanwhile. */
export const painter: Recruit = { id: 'w6', version: '2.32.2', plan: 'crew', odd: false };
/** Many times `lostAfterMs`. */
export const renderMs = 15_000;

/** All that live through a restart of the hub. */
export const fleet: readonly Recruit[] = [...crew, painter];

/** From another time: nobody wants it. */
export const relic = { id: 'relic', version: '1.9.0', plan: 'crew', odd: false } satisfies Recruit;

/** Welcome, and not to everything. */
export const guest: Recruit = { id: 'guest', version: '2.32.2', plan: 'guest', odd: false };
/** Requests of the guest and of each of the crew, all at once. */
export const quotaRequests = 20;

/** How long the slow handlers wait, on both sides. */
export const waitMs = 5_000;

/** Slow requests of each worker to the hub, all at once. */
export const waitsPerWorker = 4;

export const lane = { concurrency: 8, capacity: 512 };

/** More messages than the lane has places for, each handled for a moment. */
export const burst = { worker: 'w1', messages: 20_000, handlerMs: 2 };

export const anyRequests = 25;
export const streamItems = 5_000;

/** The worker that kills itself. */
export const mortal = 'w2';

/** How long a death may take to be found: the verdict's own time, and room for a busy machine. */
export const foundWithinMs = beat.lostAfterMs + 2 * beat.intervalMs + 1_500;

/** How long the hub stays away, and how soon every worker must be back after its return. */
export const awayMs = 1_000;
export const backWithinMs = 2_000;

export const deadlineMs = 70_000;
