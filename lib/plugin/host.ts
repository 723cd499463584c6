import type { Log, Peer } from '../handler/context.js';
import type { Injection, MakeInjection, SessionScope } from '../services/injection.js';
import type { Clock } from '../time/clock.js';
import type { Place } from './application.js';
import { checked } from './check.js';
import { Controllers } from './controller.js';
import { guardedLog } from './guarded-log.js';
import { Life, stopping } from './life.js';
import type { Plugin } from './manifest.js';
import { type Merged, merged } from './merge.js';
import { Sessions } from './sessions.js';
import type { Stats } from './stats.js';

/** What a host needs to know of its hub or worker. */
export interface PluginHostOptions extends Place {
  readonly plugins: readonly Plugin[];
  /** The worker's id. */
  readonly id?: string | undefined;
  /** The application's version. */
  readonly version?: string | undefined;
  readonly injection: MakeInjection;
  readonly clock: Clock;
  readonly log: Log;
  /** How long each step of each plugin may take, and the disposal of each service, in milliseconds; default 10,000. */
  readonly deadlineMs?: number | undefined;
  stats(): Stats;
}

/** The plugins of one hub or worker: their contributions, and their steps in order. */
export class PluginHost {
  readonly contributions: Merged;
  readonly #options: PluginHostOptions;
  readonly #injection: Injection;
  readonly #sessions: Sessions;
  readonly #lives: readonly Life[];
  /** Those whose start is done, in order. */
  #started: Life[] = [];
  /** The one whose start or ready is under way. */
  #current: Life | undefined;
  #starting: Promise<void> | undefined;
  #readying: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** How often it was told to stop. */
  #stops = 0;

  /** Throws `plugin` with every problem at once; no step of a plugin has run then. */
  constructor(options: PluginHostOptions) {
    const { clock, log, deadlineMs = 10_000 } = options;
    this.#options = options;
    const composition = checked(options.plugins, options);
    const controllers = new Controllers();
    this.contributions = merged(composition, controllers, log, (plugin) => this.#injection.of(plugin));
    this.#injection = options.injection(composition.owners, { clock, deadlineMs });
    this.#sessions = new Sessions(this.#injection, guardedLog(log));
    const setting = { ...options, deadlineMs, injection: this.#injection, controllers };
    this.#lives = composition.plugins.map((plugin) => new Life(plugin, setting));
  }

  /**
   * Starts the plugins one after the other. When one fails or is late, stops those that had started, in reverse, and
   * then rejects with `plugin`; with `closed` if `stop` came in between. After a rejection or a stop it starts anew,
   * once that stop is done.
   */
  start(): Promise<void> {
    if (this.#stopping) return this.#startAfter(this.#stopping);
    this.#starting ??= this.#start().catch(async (thrown) => {
      await this.#unwind();
      this.#starting = undefined;
      throw thrown;
    });
    return this.#starting;
  }

  /** Tells the plugins, one after the other, once per start. Rejects like `start`, and stops nothing. */
  ready(): Promise<void> {
    if (this.#stopping) return Promise.reject(stopping(this.#options.role));
    this.#readying ??= this.#each(this.#started, (life) => life.ready());
    return this.#readying;
  }

  /**
   * Stops what has started, in reverse, each plugin under its deadline. A step that is under way gets its signal and
   * is waited for, up to its own deadline. Never rejects: failures are logged.
   */
  stop(): Promise<void> {
    this.#stops += 1;
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** The services of one session, to be disposed of when it ends. */
  session(peer: Peer): SessionScope {
    return this.#sessions.open(peer);
  }

  async #startAfter(stopped: Promise<void>): Promise<void> {
    const stops = this.#stops;
    await stopped;
    if (this.#stops !== stops) throw stopping(this.#options.role);
    await this.start();
  }

  #start(): Promise<void> {
    this.#injection.begin(undefined);
    return this.#each(this.#lives, async (life) => {
      await life.start();
      this.#started.push(life);
    });
  }

  /** Takes a step of each plugin, and goes no further when the host is to stop. */
  async #each(lives: readonly Life[], step: (life: Life) => Promise<void>): Promise<void> {
    for (const life of [...lives]) {
      this.#current = life;
      try {
        await step(life);
      } catch (thrown) {
        if (this.#stopping === undefined) throw thrown;
      } finally {
        this.#current = undefined;
      }
      if (this.#stopping) throw stopping(this.#options.role);
    }
  }

  async #stop(): Promise<void> {
    this.#current?.end();
    await Promise.allSettled([this.#starting, this.#readying]);
    await this.#unwind();
    this.#starting = undefined;
    this.#readying = undefined;
    this.#stopping = undefined;
  }

  async #unwind(): Promise<void> {
    const log = guardedLog(this.#options.log);
    await this.#sessions.settled();
    for (let life = this.#started.pop(); life !== undefined; life = this.#started.pop()) {
      await life.stop().catch((error) => log.error(error.message, { error }));
    }
    await this.#injection.dispose(undefined).catch((error) => log.error(error.message, { error }));
  }
}
