import { BusError } from '../errors/bus-error.js';
import type { Beat, Hello } from '../frame/frame.js';
import type { Agreement, Identity } from '../handshake/negotiate.js';
import { livenessOf } from '../session/gauge.js';
import type { Session } from '../session/session.js';
import type { EndCause } from '../session/state.js';
import type { SessionHost } from '../session/terms.js';
import type { Clock } from '../time/clock.js';
import type { HubEvent, Transition } from './event.js';

/** What a worker's last beat said. */
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
}

/** The grade of a worker. `stalled` needs the pulse, which this version does not have. */
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
  /** The handler that holds its event loop, where that is known. */
  readonly stalledBy: string | undefined;
  readonly load: Load;
  /** The last 64 changes of its liveness, oldest first. */
  readonly history: readonly Transition[];
}

const kept = 64;

/** One worker's record: its session, what it said of itself, and how its liveness went. */
export class Member implements WorkerInfo, SessionHost {
  readonly id: string;
  readonly stalledBy = undefined;
  readonly #token: string;
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
    private readonly port: {
      readonly clock: Clock;
      emit(event: Omit<HubEvent, 'at'>): void;
      gone(member: Member, cause: EndCause): void;
      /** The hub's own event loop was late by that much. */
      lagged(lateMs: number): void;
      /** It may fit what somebody waits for. */
      changed(): void;
    },
  ) {
    this.id = id;
    this.#token = token;
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
    return this.liveness === 'alive' && this.handles.includes(type);
  }

  record(to: Transition['to'], cause: string, silentMs: number): void {
    const at = this.port.clock.date();
    this.history = [...this.history.slice(1 - kept), { to, cause, at, silentMs, epoch: this.epoch }];
  }

  graded(grade: 'alive' | 'suspect', cause: string, silentMs: number): void {
    this.record(grade, cause, silentMs);
    this.#emit(grade === 'alive' ? 'recovered' : 'suspect', cause, { afterMs: silentMs });
  }

  detached(error: BusError | undefined): void {
    if (BusError.is(error, 'protocol')) this.#emit('fault', error.message, { error });
    if (BusError.is(error, 'overflow')) this.#emit('overflow', error.message, { error });
  }

  ended(cause: EndCause, silentMs: number): void {
    const left = cause === 'left' || cause === 'closed';
    this.record(left ? 'left' : 'lost', cause, silentMs);
    this.port.gone(this, cause);
    this.#emit(left ? 'left' : 'lost', cause, { afterMs: silentMs });
  }

  beat({ inFlight, queued, handled, oldestMs }: Beat, lateMs: number): void {
    this.load = { inFlight, queued, handled, oldestMs, lateMs, at: this.port.clock.date() };
  }

  announced(handles: readonly string[]): void {
    this.handles = handles;
    this.port.changed();
  }

  draining(): void {
    if (this.history.at(-1)?.to !== 'draining') this.record('draining', 'the worker said so', 0);
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
