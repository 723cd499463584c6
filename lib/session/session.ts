import { BusError } from '../errors/bus-error.js';
import type { Chunk, ControlFrame, Frame, Message, Outcome, Received, Totals } from '../frame/frame.js';
import { Outbox, type OutboxPort } from '../lane/outbox.js';
import type { Outgoing } from '../lane/outgoing.js';
import type { Link } from '../transport/link.js';
import { contradiction } from './arrivals.js';
import type { Beats } from './beats.js';
import { Inbound } from './inbound.js';
import { Life, type LifePort } from './life.js';
import { nothingReceived } from './numbering.js';
import type { Opening } from './opening.js';
import { Outbound } from './outbound.js';
import { type Reader, Reading } from './reading.js';
import { asBusError, goneError, refusalOf } from './refusal.js';
import type { EndCause, SessionEffect, SessionState } from './state.js';
import type { SessionSetup, Terms } from './terms.js';

/** One DATA frame of HTTP/2: more in a batch was not faster when it was measured. */
const maxBatchBytes = 16_000;

/**
 * One worker's membership, on either side; it outlives its links. Wires the state machine to the lanes. It is the port of
 * its own parts: there are thousands of sessions, and a closure for each word of each part would be most of an idle one.
 */
export class Session implements Reader, LifePort, OutboxPort {
  readonly outbox: Outbox;
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  readonly #setup: SessionSetup;
  readonly #life: Life;
  readonly #reading: Reading;
  /** Of the link, what is left to know. */
  #terms: Pick<Terms, 'epoch' | 'from' | 'chunks'> | undefined;
  #links = 0;
  #link: Link | undefined;
  /** What has not been read yet. */
  #opening: Opening | undefined;
  #beats = 0;
  #idleSince = -1;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #received: Received = nothingReceived;
  #granted: Totals = nothingReceived;
  #acked = 0;
  #overran = false;
  /** The last data frame before the batch that is being read: a cancel in it may overtake what is named in it. */
  #before = 0;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    const { clock, dispatch, name } = setup;
    const { memory, writers } = dispatch;
    this.#life = new Life(setup, this);
    this.outbox = new Outbox({ clock, ...setup.outbox, maxBatchBytes, memory, writers }, this);
    this.outbound = new Outbound(
      name,
      clock,
      this.outbox,
      dispatch.tally,
      dispatch.reserve,
      dispatch.deadlines,
    );
    this.inbound = new Inbound(dispatch, this.outbox, () => this.#overrun());
    this.#reading = new Reading(this);
  }

  get state(): SessionState {
    return this.#life.state;
  }

  get epoch(): string {
    return this.#terms?.epoch ?? '';
  }

  get received(): Received {
    return this.#received;
  }

  /** The beats that came in. */
  get beats(): Beats {
    return this.#life.beats;
  }

  /** Whether the next link can go on with this session. */
  get resumable(): boolean {
    return this.#terms !== undefined && this.state.name === 'detached';
  }

  /** Whether a pulse is open. */
  get pulsing(): boolean {
    return this.#life.pulsing;
  }

  /** Nothing waits any more: no call without outcome, no message unsent, no outcome unacknowledged. */
  get settled(): boolean {
    return this.outbound.waiting === 0 && this.outbox.queued === 0 && this.outbox.due === 0;
  }

  /** Gives the session a link whose handshake is done. Nothing is read from it before `read`. */
  attach(opening: Opening, terms: Terms): void {
    const link = ++this.#links;
    this.#release();
    if (this.#terms && !terms.resumed) this.#renew('lost');
    const { epoch, from } = terms;
    const { maxPayloadBytes, maxUnanswered, credited, chunks = false } = terms;
    this.#terms = { epoch, from, chunks };
    this.#link = opening.link;
    this.#opening = opening;
    const agreed = { maxPayloadBytes, maxUnanswered, credited, chunks };
    this.outbound.begin(agreed);
    this.inbound.begin(agreed, from);
    this.outbox.attach(opening.link);
    if (terms.greeting) this.outbox.control(terms.greeting);
    else this.#restateGrant();
    const { messages, bytes } = terms.resumed ?? nothingReceived;
    const limit = { messages: messages + terms.credit.messages, bytes: bytes + terms.credit.bytes };
    if (terms.resumed) {
      this.inbound.resumed();
      this.outbox.resume(terms.resumed, limit);
      this.outbound.resume();
      this.inbound.tellHolds();
    } else this.outbox.allow(limit);
    this.#life.attach(terms.timing, link);
  }

  /** Reads the link; what came with the greeting is handled at once, and may be the end of the session. */
  read(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    if (opening) this.#reading.read(opening, this.#links);
  }

  /** Takes a pulse that has shown this session's secret; the one before it ends. */
  attachPulse(opening: Opening): void {
    this.#life.attachPulse(opening);
  }

  /** Room that is granted now beyond what was received: goes into the hello or the welcome. */
  grant(): Totals {
    const { messages, bytes } = this.inbound.limit;
    this.#granted = { messages: messages - this.#received.messages, bytes: bytes - this.#received.bytes };
    return this.#granted;
  }

  /** Sends a control frame, ahead of all data. Without a link it is dropped. */
  control(frame: ControlFrame): void {
    this.outbox.control(frame);
  }

  /** Asks the peer for a sign of life, over its link or (`pulseCounts`) its pulse; resolves with whether one came within `ms`. */
  answers(ms: number, pulseCounts: boolean): Promise<boolean> {
    this.#beat(0, true);
    return this.#life.sign(ms, pulseCounts);
  }

  /** Says that this side takes no more work, and answers what has not started with `draining`. */
  drain(): void {
    this.control({ kind: 'drain' });
    this.inbound.drain();
  }

  /** Says goodbye and ends the session. Resolves when the goodbye has left. */
  async leave(reason: string): Promise<void> {
    const link = this.#link;
    this.control({ kind: 'bye', reason, seq: this.outbox.lastSeq });
    this.outbox.flush();
    this.end('closed');
    await link?.close();
  }

  /** Ends the session: every call that waits fails, what runs is cancelled, and the link closes. */
  end(cause: EndCause): void {
    this.#life.end(cause);
  }

  /** The peer will not have us: every call that waits fails, also what was not sent. The session may begin anew. */
  forsake(): void {
    this.#life.halt();
    this.#renew('lost');
    this.outbound.forsake((delivery) => goneError(this.name, delivery, 'lost'));
    this.#terms = undefined;
    this.#life.forget();
  }

  undelivered(type: string, error: BusError): void {
    this.#setup.host.undelivered(type, error);
  }

  get name(): string {
    return this.#setup.name;
  }

  /** Of `Reader`, as `fenced`, `handle`, `take`, `settle`, `broken` and `closed`. */
  receive(received: Received, duplicates: number, link: number): void {
    this.#setup.dispatch.tally.received.repeated += duplicates;
    this.#before = this.#received.seq;
    this.#received = received;
    this.#life.heard(link);
    // A peer that drains waits for its last outcome to be acknowledged: not only with the next beat.
    if (this.#life.drains) this.outbox.ackDue();
  }

  /** Frames came over a link that does not count any more, and change nothing. Gives whether that has been told. */
  fenced(frames: number, told: boolean): boolean {
    this.#setup.dispatch.tally.fenced += frames;
    const state = this.state;
    // A session without a link lets go of one that broke, and one that was left has nothing to tell.
    if (told || state.name === 'detached') return told;
    const cause = state.name === 'ended' ? state.cause : 'replaced';
    if (cause === 'left' || cause === 'closed') return told;
    this.#setup.host.fenced(cause === 'replaced' ? 'its link was replaced' : `it is ${cause}`);
    return true;
  }

  /** Of `LifePort`, as `misjudged` and `frames`. */
  apply(effect: SessionEffect): void {
    const { host } = this.#setup;
    switch (effect.do) {
      case 'beat':
        this.inbound.outcomesTaken();
        this.#giveBack();
        return this.#beat(effect.lateMs, false);
      case 'grade':
        return host.graded(effect.grade, effect.cause, effect.timings.silentMs, effect.timings);
      case 'stall-limit':
        return host.graded('stalled', 'limit', effect.timings.silentMs, effect.timings);
      case 'redial':
        return this.#life.redial('the link is silent or closed: dial again');
      case 'drop-pulse':
        // The pulse before was let go as the new one was taken.
        if (effect.cause === 'replaced') return;
        return this.#life.dropPulse(effect.cause);
      case 'stalled-ourselves':
        this.#life.heldUp(effect.lateMs);
        return host.lagged(effect.lateMs);
      case 'drop-link':
        // The link before was let go as the new one was taken.
        if (effect.cause === 'replaced') return;
        this.#release();
        if (effect.cause === 'silent')
          host.detached(new BusError('peer-lost', `${this.name} was silent: dialling again`));
        return;
      case 'end':
        this.#life.halt();
        this.#release();
        this.#reading.close();
        this.inbound.close();
        this.outbound.close((delivery) => goneError(this.name, delivery, effect.cause));
        return host.ended(effect.cause, effect.timings.silentMs, effect.timings);
    }
  }

  handle(frame: ControlFrame, link: number): void {
    switch (frame.kind) {
      case 'beat':
        this.#life.beat(frame);
        if (frame.probe && frame.progress === undefined) this.#answerProbe();
        return;
      case 'credit':
        return this.outbox.allow(frame);
      case 'ack':
        this.outbox.acked(frame.seq);
        return this.inbound.outcomesTaken();
      case 'cancel':
        return this.inbound.cancel(frame.re, this.#before);
      case 'release':
        return this.inbound.giveBack(frame.held, frame.kept);
      case 'pull':
        return this.inbound.pull(frame.re, frame.items);
      case 'announce':
        return this.#setup.host.announced(frame.handles);
      case 'drain':
        this.#life.draining(link);
        // It waits for its last outcome to be acknowledged: not until the next beat.
        this.outbox.ackDue();
        return this.#setup.host.draining();
      case 'bye':
        return this.#bye(link);
      case 'refusal':
        return this.#detach(link, new BusError('protocol', `${this.name} closed the link: ${frame.message}`));
      case 'hello':
      case 'welcome':
        return this.broken(
          link,
          new BusError('protocol', `${this.name} sent a second ${frame.kind} on one link`),
        );
      case 'pulse':
      case 'redial':
        return this.broken(
          link,
          new BusError('protocol', `${this.name} sent a ${frame.kind}, which belongs into a pulse`),
        );
      case 'hold':
        return this.outbox.hold(frame.type, frame.held);
    }
  }

  /** A worker's goodbye ends its session; a hub's means that its next one knows nothing of this session. */
  #bye(link: number): void {
    if (this.#setup.role === 'hub') return this.end('left');
    this.#forgotten(link);
  }

  #forgotten(link: number): void {
    this.#detach(link, undefined);
    this.#renew('left');
    this.#terms = undefined;
    this.#life.forget();
  }

  take(messages: readonly (Message | Chunk)[], link: number): void {
    let waits = false;
    for (const message of messages) {
      // Whoever hears that one was refused may end the session.
      if (this.#link === undefined || link !== this.#links) return;
      const wrong = this.#wrong(message);
      if (wrong) return this.broken(link, wrong);
      if (message.kind === 'message') this.inbound.receive(message);
      else {
        const over = this.inbound.part(message);
        if (over) return this.broken(link, over);
      }
      waits ||= message.kind === 'chunk' || message.expects === 'acceptance';
    }
    if (waits) this.outbox.ackDue();
  }

  settle(outcome: Outcome | Chunk, link: number): void {
    let wrong = this.#wrong(outcome);
    if (outcome.kind === 'chunk') {
      wrong ??= this.outbound.part(outcome);
      this.outbox.ackDue();
    } else if (!wrong) this.outbound.settle(outcome);
    if (wrong) this.broken(link, wrong);
  }

  /** What costs the peer its link: a part that was not agreed upon, or that contradicts itself. */
  #wrong(frame: Message | Outcome | Chunk): BusError | undefined {
    if (frame.kind !== 'chunk' && frame.size === undefined) return undefined;
    if (this.#terms?.chunks !== true)
      return new BusError('protocol', `${this.name} sent a payload in parts without the feature 'chunks'`);
    return contradiction(frame);
  }

  /** Once, and not in the middle of what gave the last outcome. */
  #overrun(): void {
    if (this.#overran) return;
    this.#overran = true;
    this.#setup.clock.atTurnEnd(() => {
      this.#overran = false;
      if (this.state.name === 'ended') return;
      const { messages, bytes } = this.outbox.owed;
      const text = `${this.name} has not taken ${messages} outcomes of ${bytes} bytes and goes on: its session is over`;
      this.outbox.control(refusalOf(new BusError('overflow', text)));
      this.outbox.flush();
      if (this.#setup.role === 'hub') this.end('overrun');
      else this.#forgotten(this.#links);
    });
  }

  /** Of `OutboxPort`, as `unwritable`. */
  ack(): number | undefined {
    if (!this.outbound.terms.credited || this.#received.seq === this.#acked) return undefined;
    this.#acked = this.#received.seq;
    return this.#acked;
  }

  /**
   * What was granted since the greeting was made found no link. Only that is told: a grant that is told twice could
   * cross with credit that is given back, and undo it on one side.
   */
  #restateGrant(): void {
    const { messages, bytes } = this.#granted;
    const now = this.grant();
    if (now.messages !== messages || now.bytes !== bytes) this.inbound.tellCredit();
  }

  /** Who sent nothing since the last beat gives its credit back: ten thousand idle sessions reserve little. */
  #giveBack(): void {
    const idle = this.#idleSince === this.outbox.lastSeq;
    this.#idleSince = this.outbox.lastSeq;
    const given = idle && this.outbound.terms.credited ? this.outbox.giveBack() : undefined;
    if (given) this.outbox.control({ kind: 'release', ...given });
  }

  left(outgoing: Outgoing): void {
    this.outbound.left(outgoing);
  }

  unwritable(outgoing: Outgoing, thrown: unknown): void {
    this.outbound.unwritable(outgoing, thrown);
  }

  /** Told at the end of the turn: who hears of it may do anything to this session. */
  misjudged(error: BusError, plugin: string | undefined): void {
    const { dispatch, clock } = this.#setup;
    const id = this.#terms?.from.id ?? '';
    clock.atTurnEnd(() => dispatch.misjudged(id, error, plugin));
  }

  frames(frames: readonly Frame[]): void {
    this.#reading.pulse(frames);
  }

  #beat(lateMs: number, probe: boolean): void {
    this.outbox.control({ kind: 'beat', n: ++this.#beats, lateMs, ...this.#setup.dispatch.load(), probe });
  }

  /** At once, but no more than four an interval: what a peer does not read would wait here without bound. */
  #answerProbe(): void {
    const now = this.#setup.clock.now();
    if (now - this.#answeredAt < this.#life.intervalMs / 4) return;
    this.#answeredAt = now;
    this.#beat(0, false);
  }

  /** Tells the peer why, and gives up the link; the session may be resumed on another. */
  broken(link: number, thrown: unknown): void {
    const error = asBusError(thrown);
    if (error.code === 'protocol') this.outbox.control(refusalOf(error));
    this.outbox.flush();
    this.#detach(link, error);
  }

  closed(link: number): void {
    this.#detach(link, undefined);
  }

  #detach(link: number, error: BusError | undefined): void {
    if (this.state.name !== 'attached' || this.state.link !== link) return;
    this.#release();
    this.#life.detach(link, error ? error.code : 'closed');
    this.#setup.host.detached(error);
  }

  #release(): void {
    this.outbox.detach();
    this.#reading.release();
    this.#link?.close();
    this.#link = this.#opening = undefined;
  }

  /** The peer knows nothing of what was: numbers begin anew on both sides. */
  #renew(cause: EndCause): void {
    this.inbound.reset();
    this.#life.renew();
    this.#received = nothingReceived;
    this.#acked = 0;
    this.outbound.renew((delivery) => goneError(this.name, delivery, cause));
  }
}
