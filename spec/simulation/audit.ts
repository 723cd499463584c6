import type { Stats } from '../../lib/plugin/stats.js';
import { gaugeOf } from '../../lib/session/gauge.js';
import type { Session } from '../../lib/session/session.js';
import type { Book } from './book.js';
import type { Machine } from './machine.js';
import { lane, maxPayloadBytes, outbox } from './party.js';
import type { Visits } from './plugins.js';
import { arrivedIn, isSound, leftOf, wrongIn } from './sums.js';

/** One hub or worker, alive or gone. */
export interface Audited {
  readonly host: string;
  readonly machine: Machine;
  readonly visits: Visits;
  stats(): Stats;
}

/** Checks what hubs and workers say of themselves: that the sums close, and that no bound is exceeded. */
export class Audit {
  readonly #audited = new Map<string, Audited>();
  readonly #sessions = new Set<Session>();

  constructor(private readonly book: Book) {}

  watch(audited: Audited): void {
    this.#audited.set(audited.host, audited);
  }

  /** A session of the hub, to be looked at when it is over. */
  keep(session: Session | undefined): void {
    if (session) this.#sessions.add(session);
  }

  /** At one process. */
  look(host: string): void {
    const audited = this.#audited.get(host);
    if (audited) this.#look(audited);
  }

  /** At all of them. */
  lookAround(): void {
    for (const audited of this.#audited.values()) if (audited.machine.alive) this.#look(audited);
  }

  /** Whether every process that lives has nothing waiting and nothing running. */
  get quiet(): boolean {
    for (const { machine, stats } of this.#audited.values())
      if (machine.alive && waitingIn(stats()).length > 0) return false;
    return true;
  }

  /** When all have rested, or have left: nothing is left over. */
  rested(how: 'at rest' | 'at the end'): void {
    for (const { host, machine, visits, stats } of this.#audited.values()) {
      if (!machine.alive) continue;
      const now = stats();
      for (const text of waitingIn(now)) this.book.violation(`${host} has ${text} ${how}`);
      if (how === 'at rest') continue;
      const { granted, held } = now.credit;
      if (granted.messages + granted.bytes + held.messages + held.bytes > 0)
        this.book.violation(`${host} has credit at the end: ${JSON.stringify(now.credit)}`);
      if (visits.open > 0) this.book.violation(`${host} has ${visits.open} services of sessions at the end`);
    }
    if (how === 'at rest') return;
    for (const session of this.#sessions) {
      if (session.state.name !== 'ended') continue;
      const { outbox: out, credit, queuedBytes } = gaugeOf(session);
      const numbers = [out, credit.granted, credit.held].flatMap((each) => Object.values(each));
      if (queuedBytes > 0 || numbers.some((each) => each !== 0))
        this.book.violation(
          `${session.name} ended and holds ${JSON.stringify({ out, credit, queuedBytes })}`,
        );
    }
  }

  /** All processes together, the dead as they were: no more came in than had left. `others` came from strangers. */
  total(others: number): Record<string, number> {
    const counts: Record<string, number> = {};
    let left = others;
    let arrived = 0;
    let done = 0;
    let handled = 0;
    for (const { host, stats } of this.#audited.values()) {
      const { delivery } = stats();
      add(counts, 'received', delivery.received);
      add(counts, 'refused', delivery.received.refused);
      add(counts, 'sent', delivery.sent);
      add(counts, 'frames', { fenced: delivery.fenced });
      left += leftOf(delivery);
      arrived += arrivedIn(delivery);
      done += delivery.sent.done;
      handled += delivery.received.handled;
      const { started, finished } = this.book.runs(host);
      if (started > delivery.received.accepted)
        this.book.violation(`${host} accepted ${delivery.received.accepted} and ran ${started}`);
      if (delivery.received.handled > finished)
        this.book.violation(`${host} counts ${delivery.received.handled} as handled, ${finished} were`);
    }
    if (arrived > left) this.book.violation(`${arrived} messages came in, ${left} had left`);
    if (done > handled) this.book.violation(`${done} calls are done, ${handled} messages were handled`);
    return counts;
  }

  #look({ host, stats }: Audited): void {
    const now = stats();
    const { delivery, peers, credit, outbox: out, lane: lanes, memory, reassembly } = now;
    for (const text of wrongIn(delivery)) this.book.violation(`${host} ${text}`);
    if (memory.usedBytes - reassembly.usedBytes > memory.maxBytes - reassembly.capacityBytes)
      this.book.violation(`${host} holds more than it may: ${JSON.stringify({ memory, reassembly })}`);
    if (reassembly.usedBytes > reassembly.capacityBytes)
      this.book.violation(`${host} holds more large payloads than it may: ${reassembly.usedBytes}`);
    if (!isSound(now)) this.book.violation(`${host} counts ${JSON.stringify(now)}`);
    const sessions = peers.alive + peers.stalled + peers.suspect + peers.draining;
    if (lanes.queued + credit.granted.messages > lane.capacity + sessions || lanes.queued > lane.capacity)
      this.book.violation(`${host} with ${sessions} peers holds ${JSON.stringify({ lanes, credit })}`);
    if (lanes.running > lane.concurrency) this.book.violation(`${host} runs ${lanes.running} handlers`);
    const most = Math.max(1, sessions) * (outbox.capacity + outbox.maxWaiting);
    if (delivery.sent.queued > out.queued)
      this.book.violation(`${host} counts ${delivery.sent.queued} messages as waiting, ${out.queued} do`);
    // Two large messages leave side by side, part by part.
    if (out.queued - delivery.sent.queued > 2 * Math.max(1, sessions))
      this.book.violation(`${host} has ${out.queued - delivery.sent.queued} messages that leave in parts`);
    if (delivery.sent.queued > most)
      this.book.violation(`${host} has ${delivery.sent.queued} messages in ${sessions} outboxes`);
    if (out.queuedBytes > Math.max(1, sessions) * 2 * (outbox.capacityBytes + maxPayloadBytes))
      this.book.violation(`${host} has ${out.queuedBytes} bytes in ${sessions} outboxes`);
  }
}

/** What waits or runs, in words. */
function waitingIn({ lane: { queued, queuedBytes, running }, outbox: out, memory }: Stats): string[] {
  const all = { queued, queuedBytes, running, ...prefixed(out), 'bytes in memory': memory.usedBytes };
  return Object.entries(all).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]));
}

/** Adds numbers to those of the same names. */
export function add(sum: Record<string, number>, prefix: string, more: object): void {
  for (const [name, count] of Object.entries(more))
    if (typeof count === 'number') sum[`${prefix} ${name}`] = (sum[`${prefix} ${name}`] ?? 0) + count;
}

const prefixed = (out: Stats['outbox']) =>
  Object.fromEntries(Object.entries(out).map(([name, count]) => [`${name} (outbox)`, count]));
