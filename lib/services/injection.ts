import type { Clock } from '../time/clock.js';
import type { InjectableClass, Provider } from './provider.js';
import type { Services } from './services.js';

/** Who provides services and needs them: a plugin, or the application. */
export interface Owner {
  /** The plugin's name; `undefined` for the application. */
  readonly name: string | undefined;
  readonly providers: readonly Provider[];
  /** Names of the plugins whose services it sees. What those require in their turn it does not see. */
  readonly requires: readonly string[];
  readonly controllers: readonly InjectableClass<object>[];
}

/** The services of one session of a peer. */
export interface SessionScope {
  /** As a handler of that owner sees them. Cheap: meant to be called for each message. */
  of(owner: string | undefined): Services;
  /**
   * Disposes of what was built for this session, last built first, and builds nothing for it afterwards. Goes on after
   * a failure, and then rejects with `plugin`, which names each.
   */
  dispose(): Promise<void>;
}

/**
 * The port of dependency injection: builds the services of one hub or worker. Each service is built as its own owner
 * sees the others, whoever asks first.
 */
export interface Injection {
  /** As that owner sees them outside of any session; a service with scope `session` throws `plugin`. */
  of(owner: string | undefined): Services;
  /** A scope for a session that begins. What is `given` takes the place of what its provider would make. */
  session(given?: ReadonlyMap<symbol, unknown>): SessionScope;
  /** A new instance of a controller. Disposed of with what else was built for its owner. */
  build<T extends object>(owner: string | undefined, Class: InjectableClass<T>): T;
  /**
   * Disposes of what was built for an owner, last built first; open sessions lose their services before that. Goes on
   * after a failure, and then rejects with `plugin`, which names each. Nothing is built for the owner any more: that
   * throws `closed`, until it begins again.
   */
  dispose(owner: string | undefined): Promise<void>;
  /** After `dispose`: the services of the owner can be built again. */
  begin(owner: string | undefined): void;
}

/** How long the disposal of one service may take; then it is a failure, and the next one has its turn. */
export interface DisposalLimit {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly deadlineMs: number;
}

/** Makes an injection for owners in which `wiringProblems` finds nothing wrong. */
export type MakeInjection = (owners: readonly Owner[], limit: DisposalLimit) => Injection;
