import { randomUUID } from 'node:crypto';
import { BehaviorSubject, defer, distinctUntilChanged, type Observable, type Subscription } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
import type { Hello, Welcome } from '../frame/frame.js';
import type { Log } from '../handler/context.js';
import type {
  AnyContract,
  HandlerInput,
  PayloadAndOptions,
  RequestContract,
  SendOutput,
  StreamContract,
} from '../handler/contract.js';
import { type Handle, type HandlerOptions, handler } from '../handler/registration.js';
import { Handlers } from '../handler/registry.js';
import type { Agreement } from '../handshake/negotiate.js';
import { features, protocolRange } from '../handshake/profile.js';
import { guardedLog } from '../plugin/guarded-log.js';
import { PluginHost } from '../plugin/host.js';
import type { CallOptions, Published, PublishOptions } from '../session/call-option.js';
import { deadlineOf } from '../session/calling.js';
import { Dispatch } from '../session/dispatch.js';
import { encode } from '../session/draft.js';
import { Feed, isolated } from '../session/isolated.js';
import type { Opening } from '../session/opening.js';
import {
  batchSlackBytes,
  defaultMaxPayloadBytes,
  laneLimits,
  numbers,
  type Platform,
  positive,
  quietLog,
  sdkVersion,
  sendLimits,
  toldTiming,
} from '../session/option.js';
import { Session } from '../session/session.js';
import { stream, streamLog } from '../session/stream.js';
import type { SessionHost } from '../session/terms.js';
import { publishTo, request, send, type Verb } from '../session/verb.js';
import type { Clock } from '../time/clock.js';
import { until } from '../time/until.js';
import { Connection } from './connection.js';
import type { WorkerEvent, WorkerState } from './event.js';
import { checkOptions, type HubAddress, type WorkerOptions } from './option.js';
import { agreementOf, Starting } from './starting.js';

/** Handles what the hub sends, and sends to it. Made by `createWorker`. */
export class Worker implements AsyncDisposable {
  readonly id: string;
  /** Where it stands, beginning with now. */
  readonly state$: Observable<WorkerState>;
  /** What happens on its link. Subscribers cannot hurt the worker: what one throws is logged. */
  readonly events$: Observable<WorkerEvent>;
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #state = new BehaviorSubject<WorkerState>('idle');
  readonly #feed: Feed<WorkerEvent>;
  readonly #handlers = new Handlers();
  readonly #plugins: PluginHost;
  readonly #dispatch: Dispatch;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #announcing: Subscription;
  readonly #incarnation = randomUUID();
  #closing: Promise<void> | undefined;
  #welcome: Welcome | undefined;
  /** The last failure to join that was logged: each is told once, not at every dial. */
  #warned = '';
  /** The message types that the last greeting named. */
  #greeted: readonly string[] = [];
  #starting: Starting | undefined;

  constructor(options: WorkerOptions, platform: Platform) {
    checkOptions(options);
    const { clock = platform.clock } = options;
    const {
      hub,
      handlers = [],
      maxPayloadBytes = defaultMaxPayloadBytes,
      handshakeTimeoutMs = 10_000,
    } = options;
    const {
      address,
      tls,
      transport = platform.transport,
    }: Exclude<HubAddress, string> = typeof hub === 'string' ? { address: hub } : hub;
    const { random = Math.random, ...waits } = options.reconnect ?? {};
    const { initialMs, maxMs } = numbers('reconnect', { initialMs: 50, maxMs: 1_000 }, waits);
    this.#options = options;
    this.#clock = clock;
    this.#log = guardedLog(options.log ?? quietLog);
    this.id = options.id ?? `worker-${randomUUID()}`;
    const onThrow = (thrown: unknown) =>
      this.#log.error(`a subscriber of worker '${this.id}' threw: ${textOf(thrown)}`);
    this.#feed = new Feed<WorkerEvent>(onThrow);
    this.events$ = this.#feed.events$;
    this.state$ = isolated(this.#state.pipe(distinctUntilChanged()), onThrow);
    this.#plugins = new PluginHost({
      plugins: options.plugins ?? [],
      role: 'worker',
      id: this.id,
      sdkVersion,
      applicationHandlers: handlers,
      clock,
      log: this.#log,
    });
    for (const registration of this.#plugins.contributions.handlers) this.#handlers.add(registration);
    this.#dispatch = new Dispatch({
      clock,
      lane: { ...laneLimits(options.lane), sources: 1 },
      handlers: this.#handlers,
      log: this.#log,
      exposeStacks: options.exposeStacks ?? false,
      emit: ({ kind, type, plugin, error }) =>
        this.#emit(kind, error.message, { type, ...(plugin ? { plugin } : {}), error }),
    });
    this.#session = new Session({
      name: 'the hub',
      role: 'worker',
      clock,
      dispatch: this.#dispatch,
      outbox: sendLimits(options.outbox),
      host: this.#host(),
    });
    this.#connection = new Connection({
      clock,
      transport,
      random,
      address,
      tls,
      maxBatchBytes: maxPayloadBytes + batchSlackBytes,
      handshakeTimeoutMs,
      initialMs,
      maxMs,
      hello: () => this.#hello(maxPayloadBytes),
      welcomed: (opening, welcome) => this.#welcomed(opening, welcome),
      failed: (error) => this.#failed(error),
      unknownFrames: (error) => this.#emit('fault', error.message, { error }),
    });
    this.#announcing = this.#handlers.changes$.subscribe((handles) =>
      this.#session.control({ kind: 'announce', handles }),
    );
  }

  /** What the handshake ended with; undefined before the first welcome. */
  get agreement(): Agreement | undefined {
    return this.#welcome && agreementOf(this.#welcome);
  }

  /**
   * Joins the hub, and stays joined: a lost link is dialled again. Retries an unreachable hub and retryable refusals
   * until `timeoutMs` (default 30,000), then rejects with the last of them; rejects with `handshake-refused` at once
   * when the hub's no is final (`details.code` says why), and with `plugin` when a plugin fails to start. After a
   * rejection it may be called again; only a plugin that fails to get ready closes the worker.
   */
  start({ timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<Agreement> {
    if (this.#state.value === 'closed') return Promise.reject(this.#closed());
    if (this.#starting) return this.#starting.promise;
    if (timeoutMs !== Number.POSITIVE_INFINITY) positive(timeoutMs, 'timeoutMs');
    const starting = new Starting();
    this.#starting = starting;
    this.#state.next('connecting');
    starting.cancelTimer = this.#clock.after(timeoutMs, () => {
      this.#stop(
        starting.last ??
          new BusError('timeout', `the hub did not answer worker '${this.id}' within ${timeoutMs} ms`),
      );
    });
    this.#plugins.start().then(
      () => {
        if (this.#starting === starting) this.#connection.dial();
      },
      (thrown) => {
        if (this.#starting === starting) this.#stop(thrown);
      },
    );
    return starting.promise;
  }

  /** Registers a handler and announces it to the hub; disposing takes both back. Throws `invalid-option` for a type that has one. */
  handle(message: string, handle: Handle<AnyContract>, options?: HandlerOptions): Disposable;
  handle<C extends AnyContract>(
    message: C,
    handle: Handle<C>,
    options?: HandlerOptions<HandlerInput<C>>,
  ): Disposable;
  handle(message: AnyContract | string, handle: Handle<AnyContract>, options?: HandlerOptions): Disposable {
    const registration = handler(message as string, handle, options);
    return this.#handlers.add(this.#plugins.contributions.intercepted(registration));
  }

  /** Best effort; never waits. Throws `too-large`, `unserialisable` and `closed`. */
  publish(message: string, payload: unknown, options?: PublishOptions): Published;
  publish<C extends RequestContract>(message: C, ...rest: PayloadAndOptions<C, PublishOptions>): Published;
  publish(message: AnyContract | string, payload?: unknown, options: PublishOptions = {}): Published {
    this.#open();
    return publishTo([this.#session], encode(message, payload), options);
  }

  /** Resolves when there is room for the next `publish`. */
  async writable(): Promise<void> {
    this.#open();
    await this.#session.outbound.writable();
  }

  /**
   * Resolves when the hub has accepted the message; survives reconnects. Rejects with `peer-lost`, `timeout`,
   * `cancelled`, `overflow`, `too-large`, `unserialisable`, `unhandled`, `draining` or `closed`.
   */
  send(message: string, payload: unknown, options?: CallOptions): Promise<void>;
  send<C extends RequestContract>(message: C, ...rest: PayloadAndOptions<C, CallOptions>): Promise<void>;
  async send(message: AnyContract | string, payload?: unknown, options: CallOptions = {}): Promise<void> {
    return this.#call(message, payload, options, send);
  }

  /** Resolves with the reply. Rejects as `send`, and with the handler's fault. */
  request(message: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  request<C extends RequestContract>(
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<SendOutput<C>>;
  async request(
    message: AnyContract | string,
    payload?: unknown,
    options: CallOptions = {},
  ): Promise<unknown> {
    return this.#call(message, payload, options, request);
  }

  /** A stream of replies, asked for anew at each subscription; unsubscribing cancels the handler. Errors as `request`. */
  stream(message: string, payload: unknown, options?: CallOptions): Observable<unknown>;
  stream<C extends StreamContract>(
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Observable<SendOutput<C>>;
  stream(message: AnyContract | string, payload?: unknown, options: CallOptions = {}): Observable<unknown> {
    const items$ = defer(() => {
      this.#open();
      return stream(this.#session, this.#clock, encode(message, payload), options);
    });
    return isolated(items$, streamLog(this.#log));
  }

  /**
   * Takes no new work, lets what runs finish, answers what is queued with `draining`, waits for its own calls, and closes.
   * Past `deadlineMs` (default 30,000) it closes all the same and rejects with `timeout`.
   */
  async drain({ deadlineMs = 30_000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#open();
    if (deadlineMs !== Number.POSITIVE_INFINITY) positive(deadlineMs, 'deadlineMs');
    if (this.#state.value !== 'idle') this.#state.next('draining');
    this.#dispatch.drain();
    this.#session.drain();
    const settled = await until(this.#clock, () => this.#dispatch.idle && this.#session.settled, deadlineMs);
    await this.close();
    if (!settled)
      throw new BusError(
        'timeout',
        `worker '${this.id}' was not drained within ${deadlineMs} ms: it is closed all the same`,
      );
  }

  /** Leaves the hub. Calls that wait reject with `closed`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state.next('closed');
    this.#announcing.unsubscribe();
    this.#connection.stop();
    const left = this.#session.leave('the worker closes');
    this.#dispatch.close();
    this.#starting?.reject(this.#closed());
    this.#starting = undefined;
    this.#feed.close();
    this.#state.complete();
    await left;
    await this.#plugins.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #hello(maxPayloadBytes: number): Hello {
    const { version, application, labels = {}, requires = [], extra = {} } = this.#options;
    const token = this.#session.resumable ? this.#welcome?.resumeToken : undefined;
    this.#greeted = this.#handlers.types;
    return {
      kind: 'hello',
      protocolMin: protocolRange.min,
      protocolMax: protocolRange.max,
      sdk: sdkVersion,
      ...(application === undefined ? {} : { application }),
      ...(version === undefined ? {} : { version }),
      worker: this.id,
      incarnation: this.#incarnation,
      labels,
      handles: this.#greeted,
      features,
      requires,
      maxPayloadBytes,
      ...(token ? { resumeToken: token, received: this.#session.received } : {}),
      credit: this.#session.grant(),
      extra,
    };
  }

  #welcomed(opening: Opening, welcome: Welcome): void {
    const draining = this.#state.value === 'draining';
    this.#welcome = welcome;
    this.#warned = '';
    const credited = welcome.features.includes('credit');
    this.#session.attach(opening, {
      epoch: welcome.epoch,
      from: { id: 'hub', epoch: welcome.epoch, labels: welcome.labels, identity: undefined },
      timing: toldTiming(welcome.beat),
      resumed: welcome.received,
      credit: welcome.credit,
      maxPayloadBytes: welcome.maxPayloadBytes,
      maxUnanswered: credited ? Number.POSITIVE_INFINITY : welcome.credit.messages,
      credited,
    });
    const { types } = this.#handlers;
    if (types !== this.#greeted) this.#session.control({ kind: 'announce', handles: types });
    if (draining) this.#session.control({ kind: 'drain' });
    else this.#state.next('connected');
    this.#emit('connected', welcome.received ? 'resumed' : 'welcomed', { epoch: welcome.epoch });
    if (welcome.reasons.length > 0)
      this.#emit('degraded', welcome.reasons.join('; '), { epoch: welcome.epoch });
    this.#starting?.cancelTimer();
    this.#plugins.ready().then(
      () => this.#starting?.resolve(agreementOf(welcome)),
      (thrown) => {
        this.#starting?.reject(thrown);
        void this.close();
      },
    );
    this.#session.read();
  }

  #failed(error: BusError): void {
    this.#emit(error.code === 'handshake-refused' ? 'refused' : 'unreachable', error.message, { error });
    if (error.message !== this.#warned) this.#log.warn(`worker '${this.id}': ${error.message}`);
    this.#warned = error.message;
    if (!this.#starting) return;
    this.#starting.last = error;
    if (error.retryable) return;
    this.#session.forsake();
    this.#stop(error);
  }

  /** Gives up a start, or, when the hub's no comes later, membership. */
  #stop(error: BusError): void {
    this.#connection.stop();
    const starting = this.#starting;
    this.#starting = undefined;
    if (this.#state.value !== 'closed') this.#state.next('idle');
    void this.#plugins.stop().then(() => starting?.reject(error));
  }

  #host(): SessionHost {
    return {
      graded: (grade, cause, afterMs) =>
        this.#emit(grade === 'alive' ? 'recovered' : 'suspect', cause, { afterMs }),
      detached: (error) => {
        this.#emit('disconnected', error?.message ?? 'the hub closed the link', error ? { error } : {});
        if (this.#state.value === 'closed') return;
        if (this.#state.value !== 'draining') this.#state.next('connecting');
        this.#connection.redial();
      },
      ended() {},
      beat() {},
      announced() {},
      draining: () => this.#emit('draining', 'the hub drains'),
      lagged: (afterMs) => this.#emit('lagged', 'this event loop was held up', { afterMs }),
      undelivered: (type, error) => this.#emit('undelivered', error.message, { type, error }),
    };
  }

  #call<T>(message: AnyContract | string, payload: unknown, options: CallOptions, how: Verb<T>): Promise<T> {
    this.#open();
    const encoded = encode(message, payload);
    return how(this.#session, this.#clock, encoded, deadlineOf(this.#clock, options), options);
  }

  #emit(kind: WorkerEvent['kind'], cause: string, more: Partial<WorkerEvent> = {}): void {
    const happened = { kind, cause, at: this.#clock.date(), ...more };
    this.#feed.emit(happened);
    this.#plugins.contributions.observe(happened);
  }

  #open(): void {
    if (this.#state.value === 'closed') throw this.#closed();
  }

  #closed(): BusError {
    return new BusError('closed', `worker '${this.id}' is closed: create a new one`);
  }
}
