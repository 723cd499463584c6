import { BusError } from '../errors/bus-error.js';
import type { Beat, Hello } from '../frame/frame.js';
import type { Agreement, Identity } from '../handshake/negotiate.js';
import { livenessOf } from '../session/gauge.js';
import type { Session } from '../session/session.js';
import type { EndCause, Timings, Verdict } from '../session/state.js';
import { isLiving } from '../session/step.js';
import type { SessionHost } from '../session/terms.js';
import type { Clock } from '../time/clock.js';
import { newToken } from './admission.js';
import { holder, holdersInFull, holdersOf, seconds } from './blame.js';
import type { HubEvent, Transition } from './event.js';

/** What a worker's last beat said: over its pulse, where it has one. */
export interface Load {
  readonly inFlight: number;
  readonly queued: number;
  /** Messages whose handler has ended, since the worker's process began. */
  readonly handled: number;
  /** Age in milliseconds of the handler that has been running longest. */
  readonly oldestMs: number;
  /** How late that beat came, in milliseconds after its interval; the sender's own delay is part of it. */
  readonly lateMs: number;
  /** When it came, in milliseconds since 1970; 0 before the first. */
  readonly at: number;
  /** How long its event loop had not turned, in milliseconds; of a pulse alone, as all below is. */
  readonly stillMs?: number;
  /** By how much the latest turn of its event loop was late since the beat before, in milliseconds. */
  readonly delayMs?: number;
  /** CPU time of its process since that began, in milliseconds. */
  readonly cpuMs?: number;
  /** Memory of its process, in bytes. */
  readonly rssBytes?: number;
}

/** The grade of a worker. `stalled` needs a pulse. */
export type Liveness = Transition['to'];

/** A worker, as the hub knows it. The object is live: read it again for news. */
export interface WorkerInfo {
  readonly id: string;
  readonly epoch: string;
  readonly version: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly identity: Identity | undefined;
  readonly agreement: Agreement;
  /** Message types that it handles. */
  readonly handles: readonly string[];
  readonly liveness: Liveness;
  /**
   * Who holds its event loop, while it is `stalled`: the message type of a handler, `one of` several, or
   * `code outside of the handlers`.
   */
  readonly stalledBy: string | undefined;
  readonly load: Load;
  /** The last 64 changes of its liveness, oldest first. */
  readonly history: readonly Transition[];
}

/** What all members tell their fleet. */
export interface MemberPort {
  readonly clock: Clock;
  emit(event: Omit<HubEvent, 'at'>): void;
  gone(member: Member, cause: EndCause): void;
  /** The hub's own event loop was late by that much. */
  lagged(lateMs: number): void;
  /** It may fit what somebody waits for. */
  changed(): void;
}

const kept = 64;

/** One worker's record: its session, what it said of itself, and how its liveness went. */
export class Member implements WorkerInfo, SessionHost {
  readonly id: string;
  readonly #token: string;
  readonly #pulseToken: string | undefined;
  #changedAt: number | undefined;
  readonly incarnation: string | undefined;
  version: string | undefined;
  labels: Readonly<Record<string, string>>;
  handles: readonly string[];
  history: readonly Transition[];
  load: Load = { inFlight: 0, queued: 0, handled: 0, oldestMs: 0, lateMs: 0, at: 0 };
  /** Not listed with what users see of a worker. */
  declare session: Session;
  /** Where its link comes from, without the port. */
  declare host: string;

  constructor(
    id: string,
    hello: Hello,
    public identity: Identity | undefined,
    readonly agreement: Agreement,
    token: string,
    readonly epoch: string,
    before: Member | undefined,
    private readonly port: MemberPort,
  ) {
    this.id = id;
    this.#token = token;
    this.#pulseToken = agreement.features.includes('pulse') ? newToken() : undefined;
    this.#changedAt = before ? before.#changedAt : undefined;
    this.incarnation = hello.incarnation;
    this.version = hello.version;
    this.labels = hello.labels;
    this.handles = hello.handles;
    this.history = before?.history ?? [];
    for (const inner of ['session', 'port', 'host'])
      Object.defineProperty(this, inner, { enumerable: false, writable: true });
  }

  get token(): string {
    return this.#token;
  }

  /** What a pulse of this session has to show. */
  get pulseToken(): string | undefined {
    return this.#pulseToken;
  }

  get stalledBy(): string | undefined {
    const { state } = this.session;
    const verdict = isLiving(state) ? state.verdict : undefined;
    return verdict?.grade === 'stalled' ? holdersOf(verdict.stall.by) : undefined;
  }

  /** What users see, as plain data. */
  toJSON(): WorkerInfo {
    const { id, epoch, version, labels, identity, agreement, handles, liveness, stalledBy, load, history } =
      this;
    return { id, epoch, version, labels, identity, agreement, handles, liveness, stalledBy, load, history };
  }

  get liveness(): Liveness {
    return livenessOf(this.session.state) ?? 'suspect';
  }

  /** Whether something sent now reaches it at once. */
  get ready(): boolean {
    return this.session.state.name === 'attached';
  }

  /** Whether `any()` may choose it for work of this type. */
  takes(type: string): boolean {
    return this.ready && this.liveness === 'alive' && this.handles.includes(type);
  }

  record(to: Transition['to'], cause: string, timings: Timings = untimed): void {
    const { clock } = this.port;
    const now = clock.now();
    const beforeMs = now - (this.#changedAt ?? now);
    this.#changedAt = now;
    const change = Object.freeze({ to, cause, at: clock.date(), ...timings, beforeMs, epoch: this.epoch });
    // Copied as it is: what is spread has places for more.
    this.history = this.history.slice(1 - kept).concat(change);
  }

  graded(grade: Verdict['grade'], cause: string, _silentMs: number, timings: Timings): void {
    if (grade === 'stalled') return this.#stalled(cause, timings);
    // One that drains goes on draining.
    this.record(grade === 'alive' ? this.liveness : grade, cause, timings);
    this.#emit(grade === 'alive' ? 'recovered' : 'suspect', cause, {
      ...holder(timings.by),
      afterMs: afterMs(cause, timings),
    });
  }

  /** Told again, and no change, when the limit passes. */
  #stalled(cause: string, timings: Timings): void {
    const { stillMs, by } = timings;
    const held = `${holdersInFull(by)} has held the event loop for ${seconds(stillMs)}`;
    if (cause !== 'limit') this.record('stalled', held, timings);
    this.#emit('stalled', cause === 'limit' ? `${held}: over the limit` : held, {
      ...holder(by),
      afterMs: stillMs,
    });
  }

  detached(error: BusError | undefined): void {
    if (BusError.is(error, 'protocol')) this.#emit('fault', error.message, { error });
    if (BusError.is(error, 'overflow')) this.#emit('overflow', error.message, { error });
  }

  ended(cause: EndCause, _silentMs: number, timings: Timings): void {
    const left = cause === 'left' || cause === 'closed';
    this.record(left ? 'left' : 'lost', cause, timings);
    this.port.gone(this, cause);
    this.#emit(left ? 'left' : 'lost', cause, { ...holder(timings.by), afterMs: afterMs(cause, timings) });
  }

  beat({ inFlight, queued, handled, oldestMs, progress }: Beat, lateMs: number): void {
    // While there is a pulse, the link's beats are older news.
    if (progress === undefined && this.session.pulsing) return;
    const at = this.port.clock.date();
    if (progress === undefined) {
      this.load = { inFlight, queued, handled, oldestMs, lateMs, at };
      return;
    }
    const { stillMs, delayMs, cpuMs, rssBytes } = progress;
    this.load = {
      inFlight,
      queued,
      handled,
      oldestMs,
      lateMs,
      at,
      stillMs,
      delayMs,
      cpuMs,
      rssBytes,
    };
  }

  announced(handles: readonly string[]): void {
    this.handles = handles;
    this.port.changed();
  }

  draining(): void {
    if (this.history.at(-1)?.to !== 'draining') this.record('draining', 'the worker said so');
  }

  lagged(lateMs: number): void {
    this.port.lagged(lateMs);
  }

  fenced(cause: string): void {
    this.#emit('fenced', `frames came over a link that does not count any more: ${cause}`);
  }

  undelivered(type: string, error: BusError): void {
    this.#emit('undelivered', error.message, { type, error });
  }

  #emit(kind: HubEvent['kind'], cause: string, more: Partial<HubEvent> = {}): void {
    this.port.emit({ kind, worker: this.id, cause, epoch: this.epoch, ...more });
  }
}

const untimed: Timings = { silentMs: 0, linkSilentMs: 0, stillMs: 0, by: [] };

/** What a cause is about: a loop that stood still, a link that was away, or a process that was silent. */
function afterMs(cause: string, { silentMs, linkSilentMs, stillMs }: Timings): number {
  if (cause === 'ticking' || cause === 'stalled') return stillMs;
  return cause === 'link' || cause === 'attached' ? linkSilentMs : silentMs;
}
