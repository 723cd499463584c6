import { encodeBatch } from '../../lib/frame/codec.js';
import type { BeatTiming, Hello, Welcome } from '../../lib/frame/frame.js';
import type { Registration } from '../../lib/handler/registration.js';
import { Handlers } from '../../lib/handler/registry.js';
import { features } from '../../lib/handshake/profile.js';
import type { HubEvent } from '../../lib/hub/event.js';
import { Fleet } from '../../lib/hub/fleet.js';
import { type Stats, statsOf } from '../../lib/plugin/stats.js';
import type { Caller, Draft } from '../../lib/session/call.js';
import { Dispatch, type DispatchEvent } from '../../lib/session/dispatch.js';
import { gaugeOf } from '../../lib/session/gauge.js';
import { open } from '../../lib/session/opening.js';
import { Publish } from '../../lib/session/publish.js';
import { Session } from '../../lib/session/session.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import type { Clock } from '../../lib/time/clock.js';
import type { MakeDetector } from '../../lib/time/detector.js';
import type { Link } from '../../lib/transport/link.js';
import { memoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { Machine } from '../simulation/machine.js';

export interface CrewOptions {
  readonly detector?: MakeDetector;
  readonly handlers?: readonly Registration[];
  readonly lane?: {
    readonly concurrency: number;
    readonly capacity: number;
    readonly capacityBytes: number;
    readonly reassemblyBytes?: number;
  };
  readonly outbox?: {
    readonly capacity: number;
    readonly capacityBytes: number;
    readonly maxWaiting: number;
  };
  readonly timing?: BeatTiming;
}

export const timing: BeatTiming = {
  intervalMs: 1_000,
  suspectAfterMs: 3_000,
  lostAfterMs: 10_000,
  stalledAfterMs: 2_000,
};
const maxPayloadBytes = 1_000_000;
const roomy = { capacity: 1_000, capacityBytes: 1e6, maxWaiting: 0 };

/** A fleet and its workers, without the hub and the worker around them: what a plugin may not reach is in reach here. */
export class Crew {
  readonly clock = virtualClock();
  readonly network = memoryNetwork({ clock: this.clock });
  readonly machine = new Machine('hub', this.clock, this.network);
  readonly events: Omit<HubEvent, 'at'>[] = [];
  readonly faults: DispatchEvent[] = [];
  readonly logged: string[] = [];
  readonly mates: Mate[] = [];
  readonly dispatch: Dispatch;
  readonly fleet: Fleet;

  constructor({ detector, handlers, lane, outbox = roomy, timing: told = timing }: CrewOptions = {}) {
    const { clock } = this.machine;
    this.dispatch = dispatch(clock, this.faults, this.logged, handlers, lane);
    this.fleet = new Fleet({
      clock,
      timing: told,
      dispatch: this.dispatch,
      handlers: this.dispatch.handlers,
      outbox,
      maxSessionsPerAddress: Number.POSITIVE_INFINITY,
      maxSessions: 100,
      version: undefined,
      detector,
      emit: (event) => this.events.push(event),
    });
    void this.machine.transport.listen(
      { address: 'hub', maxBatchBytes: 1e7 },
      (link) => void this.#greet(link),
    );
  }

  async join(id = 'w1', options: CrewOptions = {}): Promise<Mate> {
    const mate = new Mate(id, new Machine(id, this.clock, this.network), options);
    this.mates.push(mate);
    await this.clock.settle();
    return mate;
  }

  /** The session of a worker, on the hub's side. */
  session(id = 'w1'): Session {
    return this.fleet.roster.get(id).session;
  }

  stats(): Stats {
    return this.fleet.stats();
  }

  /** What happened at the hub, as `kind worker`, since it was last asked. */
  happened(): string[] {
    return this.events.splice(0).map(({ kind, worker = '' }) => `${kind} ${worker}`.trim());
  }

  async close(): Promise<void> {
    this.machine.release();
    this.network.heal();
    for (const mate of this.mates) mate.close();
    await this.clock.advance(100);
    for (const { session } of this.fleet.roster.members.values()) session.end('closed');
    this.dispatch.close();
    await this.clock.advance(20_000);
  }

  async #greet(link: Link): Promise<void> {
    const opening = await greeted(link, this.machine.clock);
    const limits = { maxPayloadBytes, maxUnanswered: Number.POSITIVE_INFINITY };
    const agreement = { protocol: 1, features, limits, degraded: false, reasons: [] };
    await this.fleet.enter({ opening, hello: opening.first as Hello, identity: undefined, agreement });
  }
}

/** A worker's session, which dials again 100 ms after its link is gone. */
export class Mate {
  readonly dispatch: Dispatch;
  readonly session: Session;
  readonly grades: string[] = [];
  readonly faults: DispatchEvent[] = [];
  readonly #clock: Clock;
  #welcome: Welcome | undefined;
  #closed = false;

  constructor(
    readonly id: string,
    readonly machine: Machine,
    { detector, handlers, lane, outbox = roomy }: CrewOptions,
  ) {
    this.#clock = machine.clock;
    this.dispatch = dispatch(this.#clock, this.faults, [], handlers, lane, 1);
    this.session = new Session({
      role: 'worker',
      name: 'the hub',
      clock: this.#clock,
      dispatch: this.dispatch,
      outbox,
      ...(detector ? { detector } : {}),
      host: {
        graded: (grade, cause) => this.grades.push(`${grade}: ${cause}`),
        detached: () => this.#clock.after(100, () => void this.#dial()),
        ended() {},
        beat() {},
        announced() {},
        draining() {},
        lagged() {},
        fenced() {},
        undelivered() {},
      },
    });
    void this.#dial();
  }

  stats(): Stats {
    const { session, dispatch } = this;
    const beats = session.beats.gauge(this.#clock.now());
    const { gauge, tally, memoryGauge } = dispatch;
    return statsOf(this.#clock.date(), gauge, beats, [gaugeOf(session)], tally, memoryGauge);
  }

  close(): void {
    this.#closed = true;
    this.machine.release();
    void this.session.leave('done');
    this.dispatch.close();
  }

  async #dial(): Promise<void> {
    if (this.#closed) return;
    const { session } = this;
    const link = this.machine.transport.dial({ address: 'hub', maxBatchBytes: 1e7 }, 'attach');
    const token = session.resumable ? this.#welcome?.resumeToken : undefined;
    const hello: Hello = {
      kind: 'hello',
      worker: this.id,
      incarnation: this.id,
      labels: {},
      handles: this.dispatch.handlers.types,
      features,
      requires: [],
      extra: {},
      credit: session.grant(),
      ...(token ? { resumeToken: token, received: session.received } : {}),
    };
    link.write(encodeBatch([hello]), () => {});
    const opening = await greeted(link, this.#clock).catch(() => undefined);
    if (opening?.first.kind !== 'welcome') return void this.#clock.after(100, () => void this.#dial());
    const welcome = opening.first;
    this.#welcome = welcome;
    session.attach(opening, {
      epoch: welcome.epoch,
      from: { id: 'hub', epoch: welcome.epoch, labels: {}, identity: undefined },
      timing: welcome.beat,
      resumed: welcome.received,
      credit: welcome.credit,
      maxPayloadBytes,
      maxUnanswered: Number.POSITIVE_INFINITY,
      credited: true,
      chunks: true,
    });
    session.read();
  }
}

const greeted = (link: Link, clock: Clock) =>
  open(link, { clock, timeoutMs: 5_000, maxBytes: 1e6, onUnknown() {} });

function dispatch(
  clock: Clock,
  faults: DispatchEvent[],
  logged: string[],
  handlers: readonly Registration[] = [],
  lane: CrewOptions['lane'] = { concurrency: 64, capacity: 16_384, capacityBytes: 64 * 1024 * 1024 },
  sources?: number,
): Dispatch {
  const registry = new Handlers();
  for (const registration of handlers) registry.add(registration);
  const none = () => {
    throw new Error('there are no services here');
  };
  return new Dispatch({
    clock,
    lane: { ...lane, ...(sources ? { sources } : {}) },
    handlers: registry,
    log: { debug() {}, info() {}, warn() {}, error: (text) => logged.push(text) },
    exposeStacks: false,
    session: () => ({ of: none, dispose: async () => {} }),
    emit: (event) => faults.push(event),
  });
}

/** Sends one message of so many bytes, and gives what became of it. */
export function ask(session: Session, type: string, bytes = 10, expects: Draft['expects'] = 'reply') {
  const fate = { accepted: false, ended: '' };
  const caller: Caller = {
    accepted() {
      fate.accepted = true;
    },
    outcome({ status }) {
      if (status !== 'item') fate.ended = status;
      return status !== 'item';
    },
    failed(error) {
      fate.ended = error.code;
    },
    undelivered() {},
  };
  session.outbound.call(draft(type, bytes, expects), 'wait', caller);
  return fate;
}

const draft = (type: string, bytes: number, expects: Draft['expects']): Draft => ({
  type,
  payload: new Uint8Array(bytes),
  codec: 'bytes',
  expects,
  deadlineAt: 0,
  attempt: 1,
  id: '',
});

/** The same for which nobody waits. */
export const publish = (type: string, bytes: number): Publish =>
  new Publish({ type, payload: new Uint8Array(bytes), codec: 'bytes' }, undefined);
