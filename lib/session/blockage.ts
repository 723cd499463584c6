import type { Log } from '../handler/context.js';
import type { Registration } from '../handler/registration.js';
import type { Cancel, Clock } from '../time/clock.js';

export interface BlockageOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** How long the event loop may be held before it is worth a word, in milliseconds. */
  readonly stalledAfterMs: number;
  /** Whose handlers wait for something, and go on when it comes. */
  inFlight(): Iterable<Registration>;
}

/** A look comes every 4 works, and a lane that stands still lends some slots besides. */
const mostRecent = 8;

/**
 * Tells once of each handler that holds the event loop too long, before it costs anybody a peer. The time is not asked
 * for each message: the lane looks at it anyway as it starts works, and again when it stops.
 */
export class Blockage {
  /** What the lane is to run on. */
  readonly clock: Clock;
  stalledAfterMs: number;
  readonly #options: BlockageOptions;
  /** Whose messages the lane has started since the last look. */
  readonly #recent: Registration[] = [];
  #count = 0;
  #starting = false;
  #lookedAt = 0;
  #explainedAt = Number.NEGATIVE_INFINITY;
  /** Those that ended since the last look: the one that held the loop is likely to be done. */
  readonly #ended = new Set<Registration>();
  #lastEnded: Registration | undefined;
  #waiting = 0;
  #dueAt = 0;
  #cancelWatch: Cancel | undefined;
  #closed = false;
  readonly #blamed = new WeakSet<Registration>();
  readonly #suspected = new WeakSet<Registration>();

  constructor(options: BlockageOptions) {
    const { clock, stalledAfterMs } = options;
    this.#options = options;
    this.stalledAfterMs = stalledAfterMs;
    this.clock = {
      now: () => {
        const now = clock.now();
        if (this.#starting) this.#look(now);
        return now;
      },
      date: () => clock.date(),
      after: (ms, task) => clock.after(ms, task),
      soon: (task) => clock.soon(() => this.#start(task)),
      atTurnEnd: (task) => clock.atTurnEnd(() => this.#start(task)),
      schedule: (work, delay, state) => clock.schedule(work, delay, state),
    };
  }

  /** The synchronous part of a handler begins. */
  begins(registration: Registration): void {
    if (this.#count < mostRecent) this.#recent[this.#count] = registration;
    this.#count += 1;
  }

  /** A handler waits for something. */
  waits(): void {
    this.#waiting += 1;
    if (this.#cancelWatch === undefined && !this.#closed) this.#watch();
  }

  /** A handler that waited has ended. */
  ended(registration: Registration): void {
    this.#waiting -= 1;
    if (registration !== this.#lastEnded) {
      this.#lastEnded = registration;
      this.#ended.add(registration);
    }
    if (this.#waiting === 0) this.#fire();
  }

  close(): void {
    this.#closed = true;
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  /** The lane starts works: all that takes time within is theirs. */
  #start(task: () => void): void {
    const { clock } = this.#options;
    this.#lookedAt = clock.now();
    this.#starting = true;
    try {
      task();
    } finally {
      if (this.#count > 0) this.#look(clock.now());
      this.#starting = false;
    }
  }

  #look(now: number): void {
    const heldMs = now - this.#lookedAt;
    if (heldMs >= this.stalledAfterMs && this.#count > 0) {
      this.#explainedAt = now;
      this.#began(new Set(this.#recent.slice(0, this.#count)), this.#count - mostRecent, heldMs);
    }
    this.#count = 0;
    this.#lookedAt = now;
  }

  /** While handlers wait: what one of them does when it goes on shows in a timer that comes late. */
  #watch(): void {
    const { clock } = this.#options;
    const everyMs = this.stalledAfterMs / 8;
    this.#dueAt = clock.now() + everyMs;
    this.#cancelWatch = clock.after(everyMs, this.#fire);
  }

  /** Its time has come, or the last that waited has ended. */
  readonly #fire = (): void => {
    if (this.#cancelWatch === undefined) return;
    this.#cancelWatch();
    this.#cancelWatch = undefined;
    const { clock, inFlight } = this.#options;
    const lateMs = clock.now() - this.#dueAt;
    if (lateMs >= this.stalledAfterMs && this.#explainedAt < this.#dueAt)
      this.#wentOn(new Set([...inFlight(), ...this.#ended]), lateMs);
    this.#ended.clear();
    this.#lastEnded = undefined;
    if (this.#waiting > 0) this.#watch();
  };

  #began(handlers: ReadonlySet<Registration>, others: number, heldMs: number): void {
    const known = others > 0 ? undefined : handlers.size === 1 ? [...handlers][0] : undefined;
    const told = known ? this.#blamed : this.#suspected;
    if (![...handlers].some((handler) => !told.has(handler) && !this.#blamed.has(handler))) return;
    for (const handler of handlers) told.add(handler);
    const who = known ? named(known) : `one of ${list(handlers, Math.max(0, others))}`;
    this.#warn(handlers, heldMs, `handling ${who} held the event loop for ${whole(heldMs)} ms`);
  }

  #wentOn(candidates: ReadonlySet<Registration>, lateMs: number): void {
    const handlers = new Set([...candidates].filter(isInline));
    if (![...handlers].some((handler) => !this.#suspected.has(handler) && !this.#blamed.has(handler))) return;
    for (const handler of handlers) this.#suspected.add(handler);
    this.#warn(
      handlers,
      lateMs,
      `the event loop stood still for ${whole(lateMs)} ms while no handler began: one of those in flight computed ` +
        `without a pause after an await (${list(handlers, 0)}), or code outside of the handlers did, or the process was stopped`,
    );
  }

  #warn(handlers: ReadonlySet<Registration>, heldMs: number, what: string): void {
    const wayOut = [...handlers].some(isInline)
      ? "give it run: 'thread', or let it yield now and then"
      : 'what runs elsewhere is still read and checked here: send less at once';
    this.#options.log.warn(
      `${what}, and with it all else in this process: ${wayOut}. Told once of each handler.`,
      {
        heldMs: whole(heldMs),
        handlers: [...handlers].map(({ type, plugin = '' }) => ({ type, plugin })),
      },
    );
  }
}

/** Whether its code runs on this event loop. */
export const isInline = ({ options: { run = 'inline' } }: Registration): boolean => run === 'inline';

const whole = (ms: number): number => Math.round(ms);

const named = ({ type, plugin }: Registration): string =>
  plugin === undefined ? `'${type}'` : `'${type}' of plugin '${plugin}'`;

const mostNamed = 4;
const list = (handlers: ReadonlySet<Registration>, others: number): string => {
  const names = [...handlers].map(named);
  const more = others + Math.max(0, names.length - mostNamed);
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
