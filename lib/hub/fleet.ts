import { randomUUID } from 'node:crypto';
import { BusError } from '../errors/bus-error.js';
import type { BeatTiming, Hello, Received, Totals } from '../frame/frame.js';
import type { LinkPeer } from '../frame/peer.js';
import type { Handlers } from '../handler/registry.js';
import { baselineUnanswered } from '../handshake/lenient.js';
import type { Agreement, Identity } from '../handshake/negotiate.js';
import { type Stats, statsOf } from '../plugin/stats.js';
import { Beats } from '../session/beats.js';
import type { Dispatch } from '../session/dispatch.js';
import { gaugeOf } from '../session/gauge.js';
import { nothingReceived } from '../session/numbering.js';
import { maxWholeBytes, sdkVersion } from '../session/option.js';
import { Session } from '../session/session.js';
import type { EndCause, StallLimit } from '../session/state.js';
import type { SessionSetup } from '../session/terms.js';
import type { Clock } from '../time/clock.js';
import type { MakeDetector } from '../time/detector.js';
import { type Admitted, newEpoch, newToken } from './admission.js';
import { checkId, checkIdentity, resumes, vacate } from './claim.js';
import { hostOf } from './crowd.js';
import type { HubEvent } from './event.js';
import { Member, type MemberPort } from './member.js';
import { Roster } from './roster.js';

export interface FleetOptions {
  readonly clock: Clock;
  readonly timing: BeatTiming;
  readonly dispatch: Dispatch;
  readonly handlers: Handlers;
  readonly outbox: SessionSetup['outbox'];
  readonly maxSessions: number;
  readonly maxSessionsPerAddress: number;
  readonly version: string | undefined;
  /** How long a worker may be stalled; default: for ever. */
  readonly stallLimit?: StallLimit | undefined;
  /** Judges the silence of workers; the fixed deadline by default. */
  readonly detector?: MakeDetector | undefined;
  emit(event: Omit<HubEvent, 'at'>): void;
}

/** Gives each admitted worker its session: the one it had, or a new one. */
export class Fleet {
  readonly roster: Roster;
  readonly beats = new Beats();
  #epochs = 0;
  #laggedAt = Number.NEGATIVE_INFINITY;
  /** What workers come in by: another each time that it is opened, none while everybody is sent away. */
  #door: symbol | undefined = Symbol();

  readonly #port: MemberPort;

  constructor(private readonly options: FleetOptions) {
    this.roster = new Roster(options.clock);
    this.#port = {
      clock: options.clock,
      emit: (event) => {
        options.emit(event);
        this.roster.changed();
      },
      gone: (member, cause) => this.roster.gone(member, isLost(cause)),
      lagged: (lateMs) => this.#lagged(lateMs),
      changed: () => this.roster.changed(),
    };
  }

  /** Rejects with the refusal that the worker gets. */
  async enter({ opening, hello, identity, agreement }: Admitted): Promise<void> {
    const door = this.#door;
    if (door === undefined) throw closing();
    const id = checkId(hello.worker || `worker-${randomUUID()}`);
    let before = this.roster.members.get(id);
    if (before && resumes(before, hello, identity)) return this.#resume(before, opening, hello, identity);
    if (before) checkIdentity(before, identity);
    while (before && before.session.state.name !== 'ended') {
      // Again after each wait: the id may have gone to somebody else meanwhile.
      checkIdentity(before, identity);
      await vacate(before, hello, this.options.timing.suspectAfterMs);
      before = this.roster.members.get(id);
    }
    if (this.#door !== door) throw closing();
    if (this.roster.size >= this.options.maxSessions)
      throw new BusError('overflow', `this hub takes at most ${this.options.maxSessions} workers`);
    this.#checkAddress(opening.link.peer);
    this.#begin(id, opening, hello, identity, agreement, before);
  }

  /** Tells every worker which message types the hub handles. */
  announce(handles: readonly string[]): void {
    for (const { session } of this.roster.members.values()) session.control({ kind: 'announce', handles });
  }

  /** Takes no more work: tells every worker, and answers what has not started. */
  drain(): void {
    this.options.dispatch.drain();
    for (const { session } of this.roster.members.values()) session.drain();
  }

  /** Whether no session waits for anything any more. */
  get settled(): boolean {
    for (const { session } of this.roster.members.values())
      if (session.state.name !== 'ended' && !session.settled) return false;
    return true;
  }

  /** What the hub holds and has done, in numbers. Costs a little per worker. */
  stats(): Stats {
    const { clock, dispatch } = this.options;
    const members = [...this.roster.members.values()];
    const gauges = members.map(({ liveness, session }) => ({
      ...gaugeOf(session),
      liveness,
    }));
    const pulses = members.filter(({ session }) => session.pulsing).length;
    const beats = this.beats.gauge(clock.now(), pulses);
    return statsOf(clock.date(), dispatch.gauge, beats, gauges, dispatch.tally, dispatch.memoryGauge);
  }

  /** Takes workers, again after everybody was sent away. */
  open(): void {
    this.#door ??= Symbol();
  }

  /** Ends every session, and takes nobody until it is opened. Resolves when the workers have been told. */
  async leave(reason: string): Promise<void> {
    this.#door = undefined;
    await Promise.all([...this.roster.members.values()].map(({ session }) => session.leave(reason)));
  }

  #checkAddress(peer: LinkPeer): void {
    const { maxSessionsPerAddress } = this.options;
    if (maxSessionsPerAddress === Number.POSITIVE_INFINITY) return;
    const host = hostOf(peer);
    const here = [...this.roster.members.values()].filter(
      (member) => member.host === host && member.session.state.name !== 'ended',
    );
    if (here.length >= maxSessionsPerAddress)
      throw new BusError('overflow', `this hub takes at most ${maxSessionsPerAddress} workers from ${host}`);
  }

  #begin(
    id: string,
    opening: Admitted['opening'],
    hello: Hello,
    identity: Identity | undefined,
    agreement: Agreement,
    before: Member | undefined,
  ): void {
    const { clock, dispatch, outbox, detector, emit } = this.options;
    const epoch = newEpoch(++this.#epochs);
    const member = new Member(id, hello, identity, bounded(agreement), newToken(), epoch, before, this.#port);
    member.session = new Session({
      name: `worker '${id}'`,
      role: 'hub',
      clock,
      dispatch,
      outbox,
      host: member,
      beats: this.beats,
      stallLimit: this.options.stallLimit,
      ...(detector ? { detector } : {}),
    });
    if (before && hello.resumeToken !== undefined && hello.incarnation === before.incarnation)
      emit({
        kind: 'fenced',
        worker: id,
        cause: `came back after it was ${before.liveness}`,
        epoch: before.epoch,
      });
    this.#attach(member, opening, hello, undefined);
    member.record('alive', 'joined');
    this.roster.put(member);
    emit({ kind: 'joined', worker: id, cause: before ? 'came back' : 'new', epoch });
    if (agreement.degraded)
      emit({ kind: 'degraded', worker: id, cause: agreement.reasons.join('; '), epoch });
    if (dispatch.draining) member.session.control({ kind: 'drain' });
    member.session.read();
  }

  /** Every session notices the same stall: it is told once. */
  #lagged(lateMs: number): void {
    const { clock, timing, emit } = this.options;
    const since = clock.now() - this.#laggedAt;
    this.#laggedAt = clock.now();
    if (since >= timing.intervalMs)
      emit({ kind: 'lagged', cause: 'this event loop was held up', afterMs: lateMs });
  }

  #resume(member: Member, opening: Admitted['opening'], hello: Hello, identity: Identity | undefined): void {
    member.identity = identity;
    member.handles = hello.handles;
    member.labels = hello.labels;
    this.#attach(member, opening, hello, hello.received);
    this.roster.changed();
    member.session.read();
  }

  #attach(member: Member, opening: Admitted['opening'], hello: Hello, resumed: Received | undefined): void {
    const { agreement, session } = member;
    member.host = hostOf(opening.link.peer);
    const { maxPayloadBytes } = agreement.limits;
    const maxUnanswered = unanswered(agreement);
    session.attach(opening, {
      epoch: member.epoch,
      from: { id: member.id, epoch: member.epoch, labels: member.labels, identity: member.identity },
      timing: this.options.timing,
      resumed,
      credit: creditOf(hello, agreement),
      maxPayloadBytes,
      maxUnanswered,
      credited: credited(agreement),
      chunks: chunks(agreement),
      greeting: {
        kind: 'welcome',
        protocol: agreement.protocol,
        sdk: sdkVersion,
        ...(this.options.version === undefined ? {} : { version: this.options.version }),
        worker: member.id,
        epoch: member.epoch,
        features: agreement.features,
        reasons: agreement.reasons,
        beat: this.options.timing,
        maxPayloadBytes,
        resumeToken: agreement.features.includes('resume') ? member.token : '',
        ...(resumed ? { received: session.received } : {}),
        credit: credited(agreement)
          ? session.grant()
          : { messages: maxUnanswered, bytes: Number.MAX_SAFE_INTEGER },
        handles: this.options.handlers.types,
        labels: {},
        ...(member.pulseToken === undefined ? {} : { pulseToken: member.pulseToken }),
      },
    });
  }
}

/** Whether a worker is to be asked about, since nothing that it or another one said ended its session. */
const isLost = (cause: EndCause): boolean => cause === 'lost' || cause === 'link' || cause === 'stalled';

/** Not final: a hub that is started again at this address takes the worker. */
const closing = () =>
  new BusError('closed', 'this hub closes: dial again, another may take its place', { retryable: true });

/** Whether both sides keep to credit; a peer that does not has a number of messages instead. */
const credited = ({ features }: Agreement): boolean => features.includes('credit');

/** Whether large payloads travel in parts; each part needs credit. */
const chunks = (agreement: Agreement): boolean =>
  credited(agreement) && agreement.features.includes('chunks');

/** What travels whole has to fit into a batch. */
const bounded = (agreement: Agreement): Agreement => {
  const { limits } = agreement;
  if (chunks(agreement) || limits.maxPayloadBytes <= maxWholeBytes) return agreement;
  return { ...agreement, limits: { ...limits, maxPayloadBytes: maxWholeBytes } };
};

const creditOf = ({ credit }: Hello, agreement: Agreement): Totals =>
  credited(agreement)
    ? (credit ?? nothingReceived)
    : { messages: unanswered(agreement), bytes: Number.POSITIVE_INFINITY };

/** Without credit there must be a number. */
const unanswered = (agreement: Agreement): number =>
  Math.min(
    agreement.limits.maxUnanswered,
    credited(agreement) ? Number.POSITIVE_INFINITY : baselineUnanswered,
  );
