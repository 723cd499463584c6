import type { HubEvent } from '../../lib/hub/event.js';
import type { HubProcess, WorkerProcess, World } from './world.js';

/** What a hub must say of workers with a pulse, by when, and what it must not say of one that is only busy. */
export class Vigil {
  /** How often each thing came about. */
  readonly counts: Record<string, number> = {};
  /** How many partitions there are, and when the last one ended: what it held arrives then. */
  parted = 0;
  healedAt = 0;
  /** The slowest way that there was between a hub and a worker, and when ways were changed: what is on one comes late. */
  #slowestMs = 0;
  #slowedAt = 0;
  readonly #stalledAt = new Map<string, number>();
  readonly #blocked = new Map<string, { atMs: number; overAt: number }>();
  /** Sessions that were suspected before they had a pulse: nobody can know that their worker is only busy. */
  readonly #withoutPulse = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly beat: {
      intervalMs: number;
      suspectAfterMs: number;
      lostAfterMs: number;
      stalledAfterMs: number;
    },
  ) {}

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Ways take up to so long from now on. */
  slowed(ms: number): void {
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    this.#slowedAt = this.world.clock.now();
  }

  /** The loop of a worker stands still from now on: within its bound the hub says so. Call the result when it turns again. */
  blocked({ id, machine }: WorkerProcess): () => void {
    const { clock, hub } = this.world;
    const atMs = clock.now();
    const mark = { atMs, overAt: Number.POSITIVE_INFINITY };
    this.#blocked.set(id, mark);
    this.count('blocked');
    const session = this.world.session(id);
    const judged =
      hub?.machine.running && session?.pulsing && session.state.name === 'attached' && this.#calm(id, atMs);
    const { stalledAfterMs, intervalMs, lostAfterMs } = this.beat;
    if (hub && judged)
      this.#after(hub, stalledAfterMs + 2 * intervalMs + 2 * this.#slowestMs, () => {
        if (mark.overAt < Number.POSITIVE_INFINITY || !machine.alive || this.#troubledSince(id, atMs)) return;
        if ((this.#stalledAt.get(id) ?? -1) >= atMs) this.count('stalled in time');
        else this.world.book.violation(`${id} stands still since ${atMs}, and the hub does not say so`);
      });
    return () => {
      mark.overAt = clock.now();
      if (judged && clock.now() - atMs > lostAfterMs && !this.#troubledSince(id, atMs)) this.count('kept');
    };
  }

  /** A process was killed: within its bound the hub has found that. */
  died({ id, machine }: WorkerProcess): void {
    const { hub, clock, book } = this.world;
    const epoch = hub?.hub.workers.get(id)?.epoch;
    if (hub === undefined || epoch === undefined) return;
    const blocked = machine.stillMs > 0 ? 'blocked' : 'at work';
    const diedAt = clock.now();
    const { lostAfterMs, intervalMs } = this.beat;
    const boundMs = lostAfterMs + 2 * intervalMs + this.#slowestMs;
    const check = () => {
      const since = Math.max(diedAt, this.parted > 0 ? clock.now() : this.healedAt);
      const leftMs = since + boundMs - clock.now();
      if (leftMs > 0) return this.#after(hub, leftMs, check);
      const member = hub.hub.workers.get(id);
      if (member?.epoch !== epoch || member.liveness === 'lost') this.count(`found, died ${blocked}`);
      else
        book.violation(`${id} died ${blocked} at ${diedAt}, and the hub says that it is ${member.liveness}`);
    };
    this.#after(hub, boundMs, check);
  }

  /** The hub says something of a worker. */
  told({ kind, cause }: HubEvent, id: string): void {
    const { clock, book } = this.world;
    const now = clock.now();
    if (kind === 'stalled') {
      this.#stalledAt.set(id, now);
      const { overAt = 0 } = this.#blocked.get(id) ?? {};
      if (now - overAt > this.#calmMs && this.#calm(id, now))
        book.violation(`${id} is said to stand still, and turned for ${now - overAt} ms`);
    }
    if (kind !== 'suspect') return;
    if (cause === 'link') this.count('suspect by its link');
    const session = this.world.session(id);
    const { state } = session ?? {};
    if (session && (state?.name === 'attached' || state?.name === 'detached') && state.pulse === undefined)
      this.#withoutPulse.add(session.epoch);
    else if (this.#calm(id, now)) book.violation(`${id} is suspect (${cause}), and was only busy`);
  }

  /** Whether a session was suspected before it had a pulse. */
  hadNone(epoch: string): boolean {
    return this.#withoutPulse.has(epoch);
  }

  /** How long what went wrong may have consequences: a dial after a wait, and what is suspected until then. */
  get #calmMs(): number {
    const { suspectAfterMs, intervalMs } = this.beat;
    return suspectAfterMs + 4 * intervalMs + 2 * this.#slowestMs;
  }

  /** Whether nothing has stood between the hub and this worker lately. */
  #calm(id: string, now: number): boolean {
    const { standing, lastAt } = this.world.troubleOf(id);
    const since = Math.max(lastAt, this.#slowedAt);
    return !standing && now - since - this.world.heldSince(since) > this.#calmMs;
  }

  #troubledSince(id: string, at: number): boolean {
    const { standing, lastAt } = this.world.troubleOf(id);
    return standing || lastAt >= at;
  }

  /** After so much of the hub's own running time; never, if that hub is gone by then. */
  #after(hub: HubProcess, ms: number, task: () => void): void {
    const held = hub.machine.heldMs;
    this.world.clock.after(ms, () => {
      if (this.world.hub !== hub || !hub.machine.alive) return;
      const moreMs = hub.machine.heldMs - held;
      if (moreMs > 0) this.#after(hub, moreMs, task);
      else task();
    });
  }
}
