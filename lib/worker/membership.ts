import { BehaviorSubject } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { BeatTiming, Hello, Welcome } from '../frame/frame.js';
import type { Log } from '../handler/context.js';
import type { Handlers } from '../handler/registry.js';
import type { Agreement } from '../handshake/negotiate.js';
import type { PluginHost } from '../plugin/host.js';
import type { Opening } from '../session/opening.js';
import { batchLimit, defaultMaxPayloadBytes, positive, toldTiming } from '../session/option.js';
import type { Session } from '../session/session.js';
import type { Clock } from '../time/clock.js';
import type { Link, Transport } from '../transport/link.js';
import { Connection } from './connection.js';
import type { EmitWorkerEvent, WorkerState } from './event.js';
import { type Introduction, introduction } from './introduction.js';
import { type Extra, type WorkerOptions, waitsOf, whereOf } from './option.js';
import { agreementOf, Starting } from './starting.js';
import type { WorkerPulse } from './worker-pulse.js';

export interface MembershipOptions {
  readonly options: WorkerOptions;
  readonly id: string;
  readonly clock: Clock;
  /** Where the options name none. */
  readonly transport: Transport;
  readonly log: Log;
  readonly handlers: Handlers;
  readonly plugins: PluginHost;
  readonly session: Session;
  readonly emit: EmitWorkerEvent;
  readonly pulse: WorkerPulse | undefined;
  /** The timing that the hub told. */
  timed(timing: BeatTiming): void;
  /** Closes the worker: its plugins do not get ready. */
  close(): Promise<void>;
}

/** A worker's place in its hub's fleet: how it joins, comes back after a lost link, and leaves. */
export class Membership {
  readonly state = new BehaviorSubject<WorkerState>('idle');
  readonly #options: MembershipOptions;
  readonly #connection: Connection;
  readonly #introduction: Introduction;
  #welcome: Welcome | undefined;
  #link: Link | undefined;
  /** Why the hub wants the link to be dialled again, until it is gone. */
  #asked: string | undefined;
  #starting: Starting | undefined;
  /** The last failure to join that was logged: each is told once, not at every dial. */
  #warned = '';
  /** The message types that the last greeting named. */
  #greeted: readonly string[] = [];

  constructor(membership: MembershipOptions) {
    const { options, clock, emit } = membership;
    const { maxPayloadBytes = defaultMaxPayloadBytes, handshakeTimeoutMs = 10_000 } = options;
    const where = whereOf(options);
    const { random = Math.random } = options.reconnect ?? {};
    this.#options = membership;
    this.#introduction = introduction(
      membership.id,
      options,
      maxPayloadBytes,
      membership.pulse !== undefined,
    );
    this.#connection = new Connection({
      clock,
      transport: where.transport ?? membership.transport,
      random,
      address: where.address,
      tls: where.tls,
      maxBatchBytes: batchLimit(maxPayloadBytes),
      handshakeTimeoutMs,
      ...waitsOf(options),
      extra: options.extra ?? {},
      hello: (extra) => this.#hello(extra),
      welcomed: (opening, welcome) => this.#welcomed(opening, welcome),
      failed: (error) => this.#failed(error),
      unknownFrames: (error) => emit('fault', error.message, { error }),
    });
  }

  /** Throws `closed` once the worker is. */
  open(): void {
    if (this.state.value === 'closed') throw this.closed();
  }

  closed(): BusError {
    return new BusError('closed', `worker '${this.#options.id}' is closed: create a new one`);
  }

  get agreement(): Agreement | undefined {
    return this.#welcome && agreementOf(this.#welcome);
  }

  /** Starts the plugins, then dials. Rejects after `timeoutMs` with the last failure, and with a final one at once. */
  start(timeoutMs: number): Promise<Agreement> {
    if (this.state.value === 'closed') return Promise.reject(this.closed());
    if (this.#starting) return this.#starting.promise;
    if (timeoutMs !== Number.POSITIVE_INFINITY) positive(timeoutMs, 'timeoutMs');
    const { clock, plugins, id } = this.#options;
    const starting = new Starting();
    this.#starting = starting;
    this.state.next('connecting');
    starting.cancelTimer = clock.after(timeoutMs, () => {
      this.#stop(
        starting.last ??
          new BusError('timeout', `the hub did not answer worker '${id}' within ${timeoutMs} ms`),
      );
    });
    plugins.start().then(
      () => {
        if (this.#starting === starting) this.#connection.dial();
      },
      (thrown) => {
        if (this.#starting === starting) this.#stop(thrown);
      },
    );
    return starting.promise;
  }

  /** The link is lost: dials again, unless the worker is closed. */
  detached(error: BusError | undefined): void {
    const asked = this.#asked;
    this.#asked = undefined;
    const cause = asked ?? error?.message ?? 'the hub closed the link';
    this.#options.emit('disconnected', cause, error ? { error } : {});
    if (this.state.value === 'closed') return;
    if (this.state.value !== 'draining') this.state.next('connecting');
    if (asked === undefined) this.#connection.redial();
    else this.#connection.dial();
  }

  /** The hub does not hear the link: gives it up, if it is still there, and dials at once. */
  redial(reason: string): void {
    if (this.state.value === 'closed' || this.#welcome === undefined) return;
    if (this.#options.session.state.name === 'attached') {
      this.#asked = `the hub asked for a new link: ${reason}`;
      this.#link?.abort();
    } else {
      this.#connection.stop();
      this.#connection.dial();
    }
  }

  drain(): void {
    if (this.state.value !== 'idle') this.state.next('draining');
  }

  /** Dials no more; who waits for the start hears `closed`. */
  close(): void {
    this.state.next('closed');
    this.#connection.stop();
    this.#options.pulse?.close();
    this.#starting?.reject(this.closed());
    this.#starting = undefined;
    this.state.complete();
  }

  #hello(extra: Extra): Hello {
    const { handlers, session } = this.#options;
    const token = session.resumable ? this.#welcome?.resumeToken : undefined;
    this.#greeted = handlers.types;
    return {
      ...this.#introduction,
      handles: this.#greeted,
      ...(token ? { resumeToken: token, received: session.received } : {}),
      credit: session.grant(),
      extra,
    };
  }

  #welcomed(opening: Opening, welcome: Welcome): void {
    const { session, handlers, plugins, emit } = this.#options;
    const draining = this.state.value === 'draining';
    const timing = toldTiming(welcome.beat);
    this.#welcome = welcome;
    this.#link = opening.link;
    this.#options.timed(timing);
    this.#warned = '';
    const credited = welcome.features.includes('credit');
    session.attach(opening, {
      epoch: welcome.epoch,
      from: { id: 'hub', epoch: welcome.epoch, labels: welcome.labels, identity: undefined },
      timing,
      resumed: welcome.received,
      credit: welcome.credit,
      maxPayloadBytes: welcome.maxPayloadBytes,
      maxUnanswered: credited ? Number.POSITIVE_INFINITY : welcome.credit.messages,
      credited,
      chunks: credited && welcome.features.includes('chunks'),
    });
    // Before anybody hears that the worker has joined, and computes.
    this.#options.pulse?.welcomed(welcome);
    const { types } = handlers;
    if (types !== this.#greeted) session.control({ kind: 'announce', handles: types });
    if (draining) session.control({ kind: 'drain' });
    else this.state.next('connected');
    emit('connected', welcome.received ? 'resumed' : 'welcomed', { epoch: welcome.epoch });
    if (welcome.reasons.length > 0) emit('degraded', welcome.reasons.join('; '), { epoch: welcome.epoch });
    this.#starting?.cancelTimer();
    plugins.ready().then(
      () => this.#starting?.resolve(agreementOf(welcome)),
      (thrown) => {
        this.#starting?.reject(thrown);
        void this.#options.close();
      },
    );
    session.read();
  }

  #failed(error: BusError): void {
    const { id, log, session, emit } = this.#options;
    emit(error.code === 'handshake-refused' ? 'refused' : 'unreachable', error.message, { error });
    if (error.message !== this.#warned) log.warn(`worker '${id}': ${error.message}`);
    this.#warned = error.message;
    if (!this.#starting) return;
    this.#starting.last = error;
    if (error.retryable) return;
    session.forsake();
    this.#stop(error);
  }

  /** Gives up a start, or, when the hub's no comes later, membership. */
  #stop(error: BusError): void {
    this.#connection.stop();
    this.#options.pulse?.rest();
    const starting = this.#starting;
    this.#starting = undefined;
    if (this.state.value !== 'closed') this.state.next('idle');
    void this.#options.plugins.stop().then(() => starting?.reject(error));
  }
}
