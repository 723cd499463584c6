import type { Observable } from 'rxjs';
import { textOf } from '../errors/bus-error.js';
import { type CallOptions, noOptions, type Published, type PublishOptions } from '../handler/call-option.js';
import type {
  AnyContract,
  HandlerInput,
  PayloadAndOptions,
  RequestContract,
  SendOutput,
  StreamContract,
} from '../handler/contract.js';
import type { HandlerModule } from '../handler/handler-module.js';
import { type Handle, type HandlerOptions, handler, type ModuleOptions } from '../handler/registration.js';
import { Handlers } from '../handler/registry.js';
import type { OneTarget, Target } from '../handler/target.js';
import type { AnyMessage, HubVerbs } from '../handler/verbs.js';
import { HUB } from '../plugin/built-in.js';
import { guardedLog } from '../plugin/guarded-log.js';
import { PluginHost } from '../plugin/host.js';
import type { Stats } from '../plugin/stats.js';
import { builtIn } from '../services/provider.js';
import { Dispatch } from '../session/dispatch.js';
import { drain } from '../session/drain.js';
import { Feed } from '../session/isolated.js';
import {
  laneLimits,
  memoryLimits,
  numbers,
  type Platform,
  quietLog,
  sdkVersion,
  sendLimits,
} from '../session/option.js';
import type { Clock } from '../time/clock.js';
import { until } from '../time/until.js';
import { HubCalls } from './calls.js';
import { type Census, census } from './census.js';
import { defaultLimits, listen } from './entrance.js';
import type { HubEvent } from './event.js';
import { type Explanation, explain } from './explanation.js';
import { Fleet } from './fleet.js';
import { Lifecycle } from './lifecycle.js';
import { Line } from './line.js';
import type { WorkerInfo } from './member.js';
import { beatOptions, checkOptions, type HubOptions } from './option.js';
import { untilReady } from './ready.js';

/** Coordinates a fleet of workers. Made by `createHub`. */
export class Hub implements HubVerbs, AsyncDisposable {
  /** What happens in the fleet. Subscribers cannot hurt the hub: what one throws is logged. */
  readonly events$: Observable<HubEvent>;
  /** The fleet by id. A lost worker stays to be asked about until it comes back; one that left goes at once. */
  readonly workers: ReadonlyMap<string, WorkerInfo>;
  readonly #options: HubOptions;
  readonly #clock: Clock;
  readonly #feed: Feed<HubEvent>;
  readonly #handlers = new Handlers();
  readonly #plugins: PluginHost;
  readonly #dispatch: Dispatch;
  readonly #fleet: Fleet;
  readonly #calls: HubCalls;
  readonly #lifecycle: Lifecycle;

  constructor(options: HubOptions, platform: Platform) {
    checkOptions(options);
    const { clock = platform.clock } = options;
    this.#options = options;
    this.#clock = clock;
    const log = guardedLog(options.log ?? quietLog);
    const limits = numbers('limits', defaultLimits, options.limits);
    const lane = laneLimits(options.lane, limits.maxPayloadBytes);
    const outbox = sendLimits(options.outbox);
    this.#feed = new Feed<HubEvent>((thrown) =>
      log.error(`a subscriber of hub.events$ threw: ${textOf(thrown)}`),
    );
    this.events$ = this.#feed.events$;
    this.#plugins = new PluginHost({
      plugins: options.plugins ?? [],
      role: 'hub',
      version: options.version,
      sdkVersion,
      applicationHandlers: options.handlers ?? [],
      applicationAuthenticate: options.authenticate,
      applicationHandshake: options.handshake,
      applicationProviders: options.providers,
      ownProviders: [builtIn(HUB, { value: this })],
      injection: platform.injection,
      clock,
      log,
      stats: () => this.stats(),
    });
    for (const registration of this.#plugins.contributions.handlers) this.#handlers.add(registration);
    const beat = beatOptions(options.beat);
    this.#dispatch = new Dispatch({
      clock,
      lane,
      maxMemoryBytes: memoryLimits(options.memory, lane, outbox, limits.maxPayloadBytes).maxBytes,
      handlers: this.#handlers,
      log,
      exposeStacks: options.exposeStacks ?? false,
      stalledAfterMs: beat.timing.stalledAfterMs,
      codecs: this.#plugins.contributions.codecs,
      session: (peer) => this.#plugins.session(peer),
      emit: ({ peer, ...event }) => this.#emit({ ...event, worker: peer, cause: event.error.message }),
    });
    this.#fleet = new Fleet({
      clock,
      ...beat,
      dispatch: this.#dispatch,
      handlers: this.#handlers,
      outbox,
      maxSessions: limits.maxSessions,
      maxSessionsPerAddress: limits.maxSessionsPerAddress,
      version: options.version,
      detector: this.#plugins.contributions.detector,
      emit: (event) => this.#emit(event),
    });
    this.#calls = new HubCalls({
      clock,
      roster: this.#fleet.roster,
      line: new Line(outbox.maxWaiting, this.#dispatch.memory.messages.open()),
      codecs: this.#plugins.contributions.codecs,
      interceptors: this.#plugins.contributions.sends,
      log,
      open: () => this.#lifecycle.open(),
    });
    this.workers = this.#fleet.roster.members;
    const announcing = this.#handlers.changes$.subscribe((types) => this.#fleet.announce(types));
    this.#lifecycle = new Lifecycle({
      plugins: this.#plugins,
      listen: () => {
        this.#fleet.open();
        return listen({
          clock,
          transport: platform.transport,
          options,
          limits,
          contributions: this.#plugins.contributions,
          enter: (admitted) => this.#fleet.enter(admitted),
          member: (id) => this.#fleet.roster.members.get(id),
          pulseRefused: () => this.#fleet.beats.refuse(),
          emit: (event) => this.#emit(event),
        });
      },
      leave: async (reason, graceMs) => {
        await this.#fleet.leave(reason);
        await until(clock, () => this.#dispatch.idle, graceMs);
      },
      close: (closed) => {
        announcing.unsubscribe();
        this.#fleet.roster.close(closed);
        this.#calls.close(closed);
      },
      abandon: () => this.#dispatch.close(),
      ended: () => this.#feed.close(),
    });
  }

  /**
   * Starts the plugins, listens, and resolves with the address for the workers: `host:port`. Rejects with `plugin`, with
   * `unreachable` if the address cannot be had, or with `invalid-option` for a malformed address or bad certificates;
   * after that it may be called again.
   */
  start(): Promise<string> {
    return this.#lifecycle.start();
  }

  /** Registers a handler and announces it to the workers; disposing takes both back. Throws `invalid-option` for a type that has one. */
  handle(message: string, handle: Handle<AnyContract>, options?: HandlerOptions): Disposable;
  handle<C extends AnyContract>(
    message: C | string,
    place: HandlerModule,
    options: ModuleOptions<HandlerInput<C>>,
  ): Disposable;
  handle<C extends AnyContract>(
    message: C,
    handle: Handle<C>,
    options?: HandlerOptions<HandlerInput<C>>,
  ): Disposable;
  handle(
    message: AnyContract | string,
    handle: Handle<AnyContract> | HandlerModule,
    options?: HandlerOptions<never> | ModuleOptions<never>,
  ): Disposable {
    const registration = handler(
      message as AnyContract,
      handle as Handle<AnyContract>,
      options as HandlerOptions,
    );
    return this.#handlers.add(this.#plugins.contributions.adopted(registration));
  }

  /** Resolves once that many workers are ready; rejects with `timeout` after `timeoutMs` (default 30,000). */
  async waitFor(count: number, { timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<void> {
    await untilReady(this.#fleet.roster, count, timeoutMs);
  }

  /** Which versions the fleet runs. */
  census(): Census {
    return census(this.workers.values(), this.#options.version);
  }

  /** What the hub holds and has done, in numbers: peers, lane, outboxes, credit, beats, delivery. */
  stats(): Stats {
    return this.#fleet.stats();
  }

  /** The story of a worker's liveness. Throws `unknown-worker`. */
  explain(id: string): Explanation {
    return explain(this.#fleet.roster.get(id), this.#clock.now());
  }

  /**
   * Best effort; never waits. `all()` goes to the workers that handle the type. Throws `unknown-worker`, `too-large`,
   * `unserialisable` and `closed`; a lost worker counts as dropped.
   */
  publish(target: Target, message: string, payload: unknown, options?: PublishOptions): Published;
  publish<C extends RequestContract>(
    target: Target,
    message: C,
    ...rest: PayloadAndOptions<C, PublishOptions>
  ): Published;
  publish(
    target: Target,
    message: AnyMessage,
    payload?: unknown,
    options: PublishOptions = noOptions,
  ): Published {
    return this.#calls.publish(target, message, payload, options);
  }

  /** Resolves when a worker has room for the next `publish`. Rejects with `unknown-worker`, or `peer-lost` if it is lost. */
  async writable(id: string): Promise<void> {
    this.#lifecycle.open();
    await this.#fleet.roster.get(id).session.outbound.writable();
  }

  /**
   * Resolves when the worker has accepted the message. Rejects with `unknown-worker`, `no-worker`, `peer-lost`,
   * `timeout`, `cancelled`, `overflow`, `too-large`, `unserialisable`, `unhandled`, `draining` or `closed`.
   */
  send(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Promise<void>;
  send<C extends RequestContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<void>;
  send(
    target: OneTarget,
    message: AnyMessage,
    payload?: unknown,
    options: CallOptions = noOptions,
  ): Promise<void> {
    return this.#calls.send(target, message, payload, options);
  }

  /** Resolves with the reply. Rejects as `send`, and with the handler's fault: `handler-failed`, `invalid-payload`, `stuck` or its own. */
  request(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  request<C extends RequestContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<SendOutput<C>>;
  request(
    target: OneTarget,
    message: AnyMessage,
    payload?: unknown,
    options: CallOptions = noOptions,
  ): Promise<unknown> {
    return this.#calls.request(target, message, payload, options);
  }

  /** A stream of replies, asked for anew at each subscription; unsubscribing cancels the handler. Errors as `request`. */
  stream(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Observable<unknown>;
  stream<C extends StreamContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Observable<SendOutput<C>>;
  stream(target: OneTarget, message: AnyMessage, payload?: unknown, options: CallOptions = noOptions) {
    return this.#calls.stream(target, message, payload, options);
  }

  /**
   * Takes no new work, lets what runs finish, answers what is queued with `draining`, waits for its own calls, and closes.
   * Past `deadlineMs` (default 30,000) it closes all the same and rejects with `timeout`.
   */
  async drain({ deadlineMs = 30_000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#lifecycle.open();
    await drain(
      {
        name: 'the hub',
        clock: this.#clock,
        drain: () => this.#fleet.drain(),
        settled: () => this.#dispatch.idle && this.#fleet.settled && this.#calls.settled,
        // What still runs has had its time.
        close: () => this.#lifecycle.close(0),
      },
      deadlineMs,
    );
  }

  /**
   * Ends every session and frees the address. Calls that wait reject with `closed`. Handlers that run hear their signal
   * and keep their services until they have settled, 5 s at most; then the plugins stop.
   */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #emit(event: Omit<HubEvent, 'at'>): void {
    const happened = Object.freeze({ ...event, at: this.#clock.date() });
    this.#feed.emit(happened);
    this.#plugins.contributions.observe(happened);
  }
}
