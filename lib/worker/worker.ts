import { randomUUID } from 'node:crypto';
import { distinctUntilChanged, type Observable, type Subscription } from 'rxjs';
import { textOf } from '../errors/bus-error.js';
import { abandonAfterMs } from '../handler/answering.js';
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
import type { AnyMessage, WorkerVerbs } from '../handler/verbs.js';
import type { Agreement } from '../handshake/negotiate.js';
import { WORKER } from '../plugin/built-in.js';
import { guardedLog } from '../plugin/guarded-log.js';
import { PluginHost } from '../plugin/host.js';
import { type Stats, statsOf } from '../plugin/stats.js';
import { builtIn } from '../services/provider.js';
import { Dispatch } from '../session/dispatch.js';
import { drain } from '../session/drain.js';
import { gaugeOf } from '../session/gauge.js';
import { Feed, isolated } from '../session/isolated.js';
import {
  defaultMaxPayloadBytes,
  laneLimits,
  memoryLimits,
  type Platform,
  quietLog,
  sdkVersion,
  sendLimits,
} from '../session/option.js';
import { Session } from '../session/session.js';
import type { Clock } from '../time/clock.js';
import { until } from '../time/until.js';
import { WorkerCalls } from './calls.js';
import type { EmitWorkerEvent, WorkerEvent, WorkerState } from './event.js';
import { Membership } from './membership.js';
import { checkOptions, type WorkerOptions, waitsOf, whereOf } from './option.js';
import { sessionHost } from './session-host.js';
import { pulseFor, WorkerPulse } from './worker-pulse.js';

/** Handles what the hub sends, and sends to it. Made by `createWorker`. */
export class Worker implements WorkerVerbs, AsyncDisposable {
  readonly id: string;
  /** Where it stands, beginning with now. */
  readonly state$: Observable<WorkerState>;
  /** What happens on its link. Subscribers cannot hurt the worker: what one throws is logged. */
  readonly events$: Observable<WorkerEvent>;
  readonly #clock: Clock;
  readonly #feed: Feed<WorkerEvent>;
  readonly #handlers = new Handlers();
  readonly #plugins: PluginHost;
  readonly #dispatch: Dispatch;
  readonly #session: Session;
  readonly #membership: Membership;
  readonly #calls: WorkerCalls;
  readonly #announcing: Subscription;
  #closing: Promise<void> | undefined;

  constructor(options: WorkerOptions, platform: Platform) {
    checkOptions(options);
    const { clock = platform.clock } = options;
    const log = guardedLog(options.log ?? quietLog);
    this.#clock = clock;
    this.id = options.id ?? `worker-${randomUUID()}`;
    const onThrow = (thrown: unknown) =>
      log.error(`a subscriber of worker '${this.id}' threw: ${textOf(thrown)}`);
    this.#feed = new Feed<WorkerEvent>(onThrow);
    this.events$ = this.#feed.events$;
    const emit: EmitWorkerEvent = (...event) => this.#emit(...event);
    this.#plugins = new PluginHost({
      plugins: options.plugins ?? [],
      role: 'worker',
      id: this.id,
      version: options.version,
      sdkVersion,
      applicationHandlers: options.handlers ?? [],
      applicationProviders: options.providers,
      ownProviders: [builtIn(WORKER, { value: this })],
      injection: platform.injection,
      clock,
      log,
      stats: () => this.stats(),
    });
    for (const registration of this.#plugins.contributions.handlers) this.#handlers.add(registration);
    const pulse = pulseFor(options, platform.pulse);
    const own =
      pulse &&
      new WorkerPulse(pulse, {
        where: whereOf(options),
        reconnect: waitsOf(options),
        emit,
        work: { load: () => this.#dispatch.load(), oldest: () => this.#dispatch.oldest() },
        redial: (reason) => this.#membership.redial(reason),
      });
    const { maxPayloadBytes = defaultMaxPayloadBytes } = options;
    const lane = laneLimits(options.lane, maxPayloadBytes);
    const outbox = sendLimits(options.outbox);
    this.#dispatch = new Dispatch({
      clock,
      lane: { ...lane, sources: 1 },
      maxMemoryBytes: memoryLimits(options.memory, lane, outbox, maxPayloadBytes).maxBytes,
      handlers: this.#handlers,
      log,
      exposeStacks: options.exposeStacks ?? false,
      codecs: this.#plugins.contributions.codecs,
      marks: own?.marks,
      session: (peer) => this.#plugins.session(peer),
      emit: ({ peer: _, kind, ...event }) => this.#emit(kind, event.error.message, event),
    });
    const { detector } = this.#plugins.contributions;
    this.#session = new Session({
      name: 'the hub',
      role: 'worker',
      clock,
      dispatch: this.#dispatch,
      outbox,
      host: sessionHost(emit, (error) => this.#membership.detached(error)),
      ...(detector ? { detector } : {}),
    });
    this.#membership = new Membership({
      options,
      id: this.id,
      clock,
      transport: platform.transport,
      log,
      handlers: this.#handlers,
      plugins: this.#plugins,
      session: this.#session,
      emit,
      pulse: own,
      timed: ({ stalledAfterMs }) => {
        if (stalledAfterMs > 0) this.#dispatch.blockage.stalledAfterMs = stalledAfterMs;
      },
      close: () => this.close(),
    });
    this.state$ = isolated(this.#membership.state.pipe(distinctUntilChanged()), onThrow);
    this.#calls = new WorkerCalls({
      clock,
      session: this.#session,
      codecs: this.#plugins.contributions.codecs,
      interceptors: this.#plugins.contributions.sends,
      log,
      open: () => this.#membership.open(),
    });
    this.#announcing = this.#handlers.changes$.subscribe((handles) =>
      this.#session.control({ kind: 'announce', handles }),
    );
  }

  /** What the handshake ended with; undefined before the first welcome. */
  get agreement(): Agreement | undefined {
    return this.#membership.agreement;
  }

  /**
   * Joins the hub, and stays joined: a lost link is dialled again. Retries an unreachable hub and retryable refusals
   * until `timeoutMs` (default 30,000), then rejects with the last of them; rejects with `handshake-refused` at once
   * when the hub's no is final (`details.code` says why), and with `plugin` when a plugin fails to start. After a
   * rejection it may be called again; only a plugin that fails to get ready closes the worker.
   */
  start({ timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<Agreement> {
    return this.#membership.start(timeoutMs);
  }

  /** What the worker holds and has done, in numbers: its hub, lane, outbox, credit, beats, delivery. */
  stats(): Stats {
    const gauges = [gaugeOf(this.#session)];
    return statsOf(
      this.#clock.date(),
      this.#dispatch.gauge,
      this.#session.beats.gauge(this.#clock.now()),
      gauges,
      this.#dispatch.tally,
      this.#dispatch.memoryGauge,
    );
  }

  /** Registers a handler and announces it to the hub; disposing takes both back. Throws `invalid-option` for a type that has one. */
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

  /** Best effort; never waits. Throws `too-large`, `unserialisable` and `closed`. */
  publish(message: string, payload: unknown, options?: PublishOptions): Published;
  publish<C extends RequestContract>(message: C, ...rest: PayloadAndOptions<C, PublishOptions>): Published;
  publish(message: AnyMessage, payload?: unknown, options: PublishOptions = noOptions): Published {
    return this.#calls.publish(message, payload, options);
  }

  /** Resolves when there is room for the next `publish`. */
  async writable(): Promise<void> {
    this.#membership.open();
    await this.#session.outbound.writable();
  }

  /**
   * Resolves when the hub has accepted the message; survives reconnects. Rejects with `peer-lost`, `timeout`,
   * `cancelled`, `overflow`, `too-large`, `unserialisable`, `unhandled`, `draining` or `closed`.
   */
  send(message: string, payload: unknown, options?: CallOptions): Promise<void>;
  send<C extends RequestContract>(message: C, ...rest: PayloadAndOptions<C, CallOptions>): Promise<void>;
  send(message: AnyMessage, payload?: unknown, options: CallOptions = noOptions): Promise<void> {
    return this.#calls.send(message, payload, options);
  }

  /** Resolves with the reply. Rejects as `send`, and with the handler's fault. */
  request(message: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  request<C extends RequestContract>(
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<SendOutput<C>>;
  request(message: AnyMessage, payload?: unknown, options: CallOptions = noOptions): Promise<unknown> {
    return this.#calls.request(message, payload, options);
  }

  /** A stream of replies, asked for anew at each subscription; unsubscribing cancels the handler. Errors as `request`. */
  stream(message: string, payload: unknown, options?: CallOptions): Observable<unknown>;
  stream<C extends StreamContract>(
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Observable<SendOutput<C>>;
  stream(message: AnyMessage, payload?: unknown, options: CallOptions = noOptions): Observable<unknown> {
    return this.#calls.stream(message, payload, options);
  }

  /**
   * Takes no new work, lets what runs finish, answers what is queued with `draining`, waits for its own calls, and closes.
   * Past `deadlineMs` (default 30,000) it closes all the same and rejects with `timeout`.
   */
  async drain({ deadlineMs = 30_000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#membership.open();
    await drain(
      {
        name: `worker '${this.id}'`,
        clock: this.#clock,
        drain: () => {
          this.#membership.drain();
          this.#dispatch.drain();
          this.#session.drain();
        },
        settled: () => this.#dispatch.idle && this.#session.settled && this.#calls.settled,
        // What still runs has had its time.
        close: () => this.#close(0),
      },
      deadlineMs,
    );
  }

  /**
   * Leaves the hub. Calls that wait reject with `closed`. Handlers that run hear their signal and keep their services
   * until they have settled, 5 s at most; then the plugins stop.
   */
  close(): Promise<void> {
    return this.#close(abandonAfterMs);
  }

  /** Handlers may run for so long after their signal. */
  #close(graceMs: number): Promise<void> {
    this.#closing ??= this.#leave(graceMs);
    return this.#closing;
  }

  async #leave(graceMs: number): Promise<void> {
    this.#membership.close();
    this.#announcing.unsubscribe();
    const left = this.#session.leave('the worker closes');
    this.#calls.close(this.#membership.closed());
    await left;
    await until(this.#clock, () => this.#dispatch.idle, graceMs);
    this.#dispatch.close();
    await this.#plugins.stop();
    this.#feed.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #emit(kind: WorkerEvent['kind'], cause: string, more: Partial<WorkerEvent> = {}): void {
    const happened = Object.freeze({ kind, cause, at: this.#clock.date(), ...more });
    this.#feed.emit(happened);
    this.#plugins.contributions.observe(happened);
  }
}
