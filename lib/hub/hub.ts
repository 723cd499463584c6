import { defer, type Observable, type Subscription } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
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
import type { OneTarget, Target } from '../handler/target.js';
import { lenient } from '../handshake/lenient.js';
import { chain } from '../handshake/negotiate.js';
import { features, protocolRange } from '../handshake/profile.js';
import { guardedLog } from '../plugin/guarded-log.js';
import { PluginHost } from '../plugin/host.js';
import type { CallOptions, Published, PublishOptions } from '../session/call-option.js';
import { deadlineOf } from '../session/calling.js';
import { Dispatch } from '../session/dispatch.js';
import { encode } from '../session/draft.js';
import { Feed, isolated } from '../session/isolated.js';
import {
  batchSlackBytes,
  beatTiming,
  defaultMaxPayloadBytes,
  laneLimits,
  numbers,
  optionalText,
  type Platform,
  positive,
  quietLog,
  sdkVersion,
  sendLimits,
} from '../session/option.js';
import type { Session } from '../session/session.js';
import { stream, streamLog } from '../session/stream.js';
import { publishTo, request, send, type Verb } from '../session/verb.js';
import type { Clock } from '../time/clock.js';
import { until } from '../time/until.js';
import type { Listener, Transport } from '../transport/link.js';
import { Admission, type Admitted } from './admission.js';
import { anywhere, streamAnywhere } from './any.js';
import { type Census, census, type Explanation, explain } from './census.js';
import type { HubEvent } from './event.js';
import { Fleet } from './fleet.js';
import type { WorkerInfo } from './member.js';
import type { HubOptions, Listen } from './option.js';

/** Coordinates a fleet of workers. Made by `createHub`. */
export class Hub implements AsyncDisposable {
  /** What happens in the fleet. Subscribers cannot hurt the hub: what one throws is logged. */
  readonly events$: Observable<HubEvent>;
  /** The fleet by id. A lost worker stays to be asked about until it comes back; one that left goes at once. */
  readonly workers: ReadonlyMap<string, WorkerInfo>;
  readonly #options: HubOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #where: Exclude<Listen, string>;
  readonly #limits;
  readonly #feed: Feed<HubEvent>;
  readonly #handlers = new Handlers();
  readonly #plugins: PluginHost;
  readonly #dispatch: Dispatch;
  readonly #fleet: Fleet;
  readonly #announcing: Subscription;
  #starting: Promise<string> | undefined;
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: HubOptions, platform: Platform) {
    const { listen = defaultListen, clock = platform.clock } = options;
    optionalText(options.version, 'version');
    this.#options = options;
    this.#clock = clock;
    this.#where = typeof listen === 'string' ? { address: listen } : listen;
    this.#transport = this.#where.transport ?? platform.transport;
    const log = guardedLog(options.log ?? quietLog);
    this.#limits = numbers('limits', defaultLimits, options.limits);
    this.#feed = new Feed<HubEvent>((thrown) =>
      log.error(`a subscriber of hub.events$ threw: ${textOf(thrown)}`),
    );
    this.events$ = this.#feed.events$;
    this.#plugins = new PluginHost({
      plugins: options.plugins ?? [],
      role: 'hub',
      sdkVersion,
      applicationHandlers: options.handlers ?? [],
      applicationAuthenticate: options.authenticate,
      clock,
      log,
    });
    for (const registration of this.#plugins.contributions.handlers) this.#handlers.add(registration);
    this.#dispatch = new Dispatch({
      clock,
      lane: laneLimits(options.lane),
      handlers: this.#handlers,
      log,
      exposeStacks: options.exposeStacks ?? false,
      emit: ({ kind, peer, type, plugin, error }) =>
        this.#emit({ kind, worker: peer, cause: error.message, type, ...(plugin ? { plugin } : {}), error }),
    });
    this.#fleet = new Fleet({
      clock,
      timing: beatTiming(options.beat),
      dispatch: this.#dispatch,
      handlers: this.#handlers,
      outbox: sendLimits(options.outbox),
      maxSessions: this.#limits.maxSessions,
      version: options.version,
      emit: (event) => this.#emit(event),
    });
    this.workers = this.#fleet.roster.members;
    this.#announcing = this.#handlers.changes$.subscribe((types) => this.#fleet.announce(types));
  }

  /**
   * Starts the plugins, listens, and resolves with the address for the workers: `host:port`. Rejects with `plugin`, with
   * `unreachable` if the address cannot be had, or with `invalid-option` for a malformed address or bad certificates;
   * after that it may be called again.
   */
  start(): Promise<string> {
    if (this.#closing) return Promise.reject(closed());
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Registers a handler and announces it to the workers; disposing takes both back. Throws `invalid-option` for a type that has one. */
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

  /** Resolves once that many workers are ready; rejects with `timeout` after `timeoutMs` (default 30,000). */
  async waitFor(count: number, { timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<void> {
    if (timeoutMs !== Number.POSITIVE_INFINITY) positive(timeoutMs, 'timeoutMs');
    const { roster } = this.#fleet;
    const ready = () => [...roster.members.values()].filter((member) => member.ready).length;
    await roster.until(
      () => ready() >= count || undefined,
      timeoutMs,
      () => new BusError('timeout', `${ready()} of ${count} workers were ready within ${timeoutMs} ms`),
    );
  }

  /** Which versions the fleet runs. */
  census(): Census {
    return census(this.workers.values(), this.#options.version);
  }

  /** The story of a worker's liveness. Throws `unknown-worker`. */
  explain(id: string): Explanation {
    return explain(this.#fleet.roster.get(id));
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
    message: AnyContract | string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Published {
    this.#open();
    const encoded = encode(message, payload);
    const receivers = this.#receivers(target, encoded.type);
    // Nobody has to be there for `all()`; for `any()`, a message that nobody takes is a message lost.
    if (receivers.length === 0 && typeof target !== 'string' && target.to === 'any')
      return { queued: 0, dropped: 1 };
    return publishTo(receivers, encoded, options);
  }

  /** Resolves when a worker has room for the next `publish`. Rejects with `unknown-worker`, or `peer-lost` if it is lost. */
  async writable(id: string): Promise<void> {
    this.#open();
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
  async send(
    target: OneTarget,
    message: AnyContract | string,
    payload?: unknown,
    options: CallOptions = {},
  ): Promise<void> {
    return this.#call(target, message, payload, options, send);
  }

  /** Resolves with the reply. Rejects as `send`, and with the handler's fault: `handler-failed`, `invalid-payload`, `stuck` or its own. */
  request(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  request<C extends RequestContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<SendOutput<C>>;
  async request(
    target: OneTarget,
    message: AnyContract | string,
    payload?: unknown,
    options: CallOptions = {},
  ): Promise<unknown> {
    return this.#call(target, message, payload, options, request);
  }

  /** A stream of replies, asked for anew at each subscription; unsubscribing cancels the handler. Errors as `request`. */
  stream(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Observable<unknown>;
  stream<C extends StreamContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Observable<SendOutput<C>>;
  stream(
    target: OneTarget,
    message: AnyContract | string,
    payload?: unknown,
    options: CallOptions = {},
  ): Observable<unknown> {
    const clock = this.#clock;
    const items$ = defer(() => {
      this.#open();
      const encoded = encode(message, payload);
      if (typeof target === 'string')
        return stream(this.#fleet.roster.get(target).session, clock, encoded, options);
      return streamAnywhere(this.#fleet.roster, clock, target, encoded, options);
    });
    return isolated(items$, streamLog(this.#options.log ?? quietLog));
  }

  /**
   * Takes no new work, lets what runs finish, answers what is queued with `draining`, waits for its own calls, and closes.
   * Past `deadlineMs` (default 30,000) it closes all the same and rejects with `timeout`.
   */
  async drain({ deadlineMs = 30_000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#open();
    if (deadlineMs !== Number.POSITIVE_INFINITY) positive(deadlineMs, 'deadlineMs');
    this.#fleet.drain();
    const settled = await until(this.#clock, () => this.#dispatch.idle && this.#fleet.settled, deadlineMs);
    await this.close();
    if (!settled)
      throw new BusError(
        'timeout',
        `the hub was not drained within ${deadlineMs} ms: it is closed all the same`,
      );
  }

  /** Ends every session and frees the address. Calls that wait reject with `closed`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<string> {
    try {
      await this.#plugins.start();
      this.#open();
      this.#listener = await this.#listen();
      await this.#plugins.ready();
      this.#open();
      return this.#listener.address;
    } catch (thrown) {
      this.#starting = undefined;
      await this.#listener?.close();
      await this.#plugins.stop();
      throw thrown;
    }
  }

  #listen(): Promise<Listener> {
    const { handshake = [], requires = [], version } = this.#options;
    const { contributions } = this.#plugins;
    const { address, tls } = this.#where;
    const { maxPayloadBytes } = this.#limits;
    const admission = new Admission({
      clock: this.#clock,
      ...this.#limits,
      authenticate: contributions.authenticate,
      negotiate: chain([...handshake, ...contributions.handshake], lenient),
      waitsFor: contributions.waitsFor,
      hub: {
        sdk: sdkVersion,
        version,
        protocolMin: protocolRange.min,
        protocolMax: protocolRange.max,
        features,
        requires,
        maxPayloadBytes,
      },
      enter: (admitted: Admitted) => this.#fleet.enter(admitted),
      refused: (error, hello) =>
        this.#emit({
          kind: 'refused',
          ...(hello?.worker ? { worker: hello.worker } : {}),
          cause: error.message,
          error,
        }),
      unknownFrames: (error) => this.#emit({ kind: 'fault', cause: error.message, error }),
    });
    return this.#transport.listen(
      { address, maxBatchBytes: maxPayloadBytes + batchSlackBytes, ...(tls ? { tls } : {}) },
      (link, call) => void (call === 'attach' ? admission.greet(link) : link.abort()),
    );
  }

  #call<T>(
    target: OneTarget,
    message: AnyContract | string,
    payload: unknown,
    options: CallOptions,
    how: Verb<T>,
  ): Promise<T> {
    this.#open();
    const clock = this.#clock;
    const encoded = encode(message, payload);
    const deadlineAt = deadlineOf(clock, options);
    const { roster } = this.#fleet;
    if (typeof target === 'string')
      return how(roster.get(target).session, clock, encoded, deadlineAt, options);
    return anywhere(roster, clock, target, encoded, deadlineAt, options, ({ session }, attempt) =>
      how(session, clock, encoded, deadlineAt, options, attempt),
    );
  }

  #receivers(target: Target, type: string): Session[] {
    const { roster } = this.#fleet;
    if (typeof target === 'string') return [roster.get(target).session];
    if (target.to === 'all') return roster.all(target.labels, type).map(({ session }) => session);
    const chosen = roster.any(target.labels, type, new Set());
    return chosen ? [chosen.session] : [];
  }

  #emit(event: Omit<HubEvent, 'at'>): void {
    const happened = { ...event, at: this.#clock.date() };
    this.#feed.emit(happened);
    this.#plugins.contributions.observe(happened);
  }

  #open(): void {
    if (this.#closing) throw closed();
  }

  async #close(): Promise<void> {
    this.#announcing.unsubscribe();
    const left = this.#fleet.close(closed());
    this.#dispatch.close();
    const silent = this.#listener?.close();
    await left;
    await silent;
    await this.#plugins.stop();
    await this.#starting?.catch(() => {});
    await this.#listener?.close();
    this.#feed.close();
  }
}

const defaultListen = '127.0.0.1:0';

const defaultLimits = {
  handshakeTimeoutMs: 10_000,
  maxHelloBytes: 65_536,
  maxPayloadBytes: defaultMaxPayloadBytes,
  maxSessions: 100_000,
  maxGreetings: 4_096,
};

const closed = () => new BusError('closed', 'this hub is closed: create a new one');
