import { BusError } from '../errors/bus-error.js';
import { matches } from '../handler/target.js';
import type { Cancel, Clock } from '../time/clock.js';
import type { Member } from './member.js';

/** Workers that are gone for good, kept so that `explain` can still tell why. */
const keptLost = 1_000;

/** The fleet by id, and those who wait for it. */
export class Roster {
  readonly #members = new Map<string, Member>();
  /** Those who wait: how to look again, and how to give up. */
  readonly #waiting = new Map<() => void, (error: BusError) => void>();
  /** Workers whose outbox was found full: when there is room again, those who wait are woken. */
  readonly #full = new WeakSet<Member>();
  #closed: BusError | undefined;
  #turn = 0;
  #looking = false;

  constructor(private readonly clock: Clock) {}

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** Workers that belong to the fleet now, with or without a link. */
  get size(): number {
    let size = 0;
    for (const member of this.#members.values()) if (member.session.state.name !== 'ended') size += 1;
    return size;
  }

  put(member: Member): void {
    this.#members.delete(member.id);
    this.#members.set(member.id, member);
    this.changed();
  }

  /** Wakes those who wait, once a turn: a worker may have become ready or free. */
  changed(): void {
    if (this.#looking || this.#waiting.size === 0) return;
    this.#looking = true;
    this.clock.atTurnEnd(() => {
      this.#looking = false;
      for (const check of [...this.#waiting.keys()]) check();
    });
  }

  /** A lost worker stays to be asked about; one that left goes. */
  gone(member: Member, kept: boolean): void {
    if (this.#members.get(member.id) !== member) return;
    this.#members.delete(member.id);
    if (!kept) return;
    this.#members.set(member.id, member);
    if (this.#members.size <= keptLost) return;
    const lost = [...this.#members.values()].filter(({ session }) => session.state.name === 'ended');
    for (const { id } of lost.slice(0, Math.max(0, lost.length - keptLost))) this.#members.delete(id);
  }

  /** Nobody will come any more. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Throws `unknown-worker`. */
  get(id: string): Member {
    const member = this.#members.get(id);
    if (member) return member;
    throw new BusError(
      'unknown-worker',
      `no worker has the id '${id}'; there are ${this.#members.size} workers`,
      {
        details: { worker: id },
      },
    );
  }

  all(labels: Readonly<Record<string, string>>, type: string): Member[] {
    return [...this.#members.values()].filter(
      (member) =>
        member.session.state.name !== 'ended' &&
        member.handles.includes(type) &&
        matches(member.labels, labels),
    );
  }

  /** The worker for the next piece of work: of those that fit, the one with the least waiting; ties take turns. */
  any(
    labels: Readonly<Record<string, string>>,
    type: string,
    except: ReadonlySet<string>,
  ): Member | undefined {
    const fitting = [...this.#members.values()].filter(
      (member) => member.takes(type) && matches(member.labels, labels) && this.#hasRoom(member),
    );
    const preferred = fitting.filter(({ epoch }) => !except.has(epoch));
    const pool = preferred.length > 0 ? preferred : fitting;
    this.#turn += 1;
    let best: Member | undefined;
    for (let i = 0; i < pool.length; i++) {
      const member = pool[(i + this.#turn) % pool.length];
      if (member && (best === undefined || burden(member) < burden(best))) best = member;
    }
    return best;
  }

  #hasRoom(member: Member): boolean {
    const { outbox, outbound } = member.session;
    if (outbox.hasRoom) return true;
    if (this.#full.has(member)) return false;
    this.#full.add(member);
    const look = () => {
      this.#full.delete(member);
      this.changed();
    };
    outbound.writable().then(look, look);
    return false;
  }

  /** Nobody will come any more: all who wait hear `error`, now and later. */
  close(error: BusError): void {
    this.#closed = error;
    for (const fail of [...this.#waiting.values()]) fail(error);
  }

  /** Resolves with what `find` gives as soon as it gives something; rejects with `error()` after `ms`, or with the signal. */
  until<T>(find: () => T | undefined, ms: number, error: () => BusError, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      let cancelTimer: Cancel = () => {};
      const end = () => {
        cancelTimer();
        this.#waiting.delete(check);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (reason: BusError) => {
        end();
        reject(reason);
      };
      const abort = () =>
        fail(new BusError('cancelled', 'the caller cancelled the call', { cause: signal?.reason }));
      const check = () => {
        const found = find();
        if (found === undefined) return;
        end();
        resolve(found);
      };
      this.#waiting.set(check, fail);
      signal?.addEventListener('abort', abort, { once: true });
      cancelTimer = this.clock.after(ms, () => fail(error()));
      check();
    });
  }
}

const burden = ({ session }: Member): number => session.outbound.waiting + session.outbox.queued;
