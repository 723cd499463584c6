import { Purse } from './purse.js';
import { Ring } from './ring.js';

/** One measure of the ledger: how much there is, and how it is shared. */
export interface PoolOptions {
  readonly capacity: number;
  /** How many purses one `unit` each is kept for. */
  readonly purses: number;
  readonly firstWindow: number;
  readonly largestWindow: number;
}

const failuresInLine = 16;

/**
 * Shares a capacity out as grants: granted and unspent, plus queued, plus running (bytes only). A unit is kept back for
 * each of `purses` that holds nothing, so that whoever has much and sleeps can shut nobody out; of the rest, a purse
 * may hold up to twice what it leaves free, so that n busy ones share it evenly and a newcomer finds room at once.
 *
 * A purse that holds nothing gets a unit, less what it has running, even where nothing is free: those who sleep on
 * one message each would shut out whoever comes after the last place. So the bound is the capacity plus a unit for
 * each purse, and the capacity alone in messages while there are no more than `purses`; in bytes, each purse may also
 * go over it by what a message is larger than the grant it was begun on.
 */
export class Pool<Owner> {
  readonly unit: number;
  readonly #options: PoolOptions;
  readonly #touched: Purse<Owner>[] = [];
  readonly #bare = new Ring<Purse<Owner>>();
  readonly #dry = new Ring<Purse<Owner>>();
  #used = 0;
  #held = 0;
  #holders = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.unit = Math.max(1, Math.floor(options.capacity / Math.max(1, options.purses) / 2));
  }

  get used(): number {
    return this.#used;
  }

  /** What of it has arrived and is not released. */
  get held(): number {
    return this.#held;
  }

  get free(): number {
    return this.#options.capacity - this.#used;
  }

  /** A new purse, with its first grant if there is room for one. */
  open(owner: Owner): Purse<Owner> {
    const purse = new Purse(owner, this.#options.firstWindow);
    if (!this.#topUp(purse)) this.#queue(purse);
    return purse;
  }

  /** `amount` arrived. Kept, it is queued until `start`; else its room is free again. */
  receive(purse: Purse<Owner>, amount: number, keep: boolean): void {
    const before = purse.loose;
    const unspent = purse.unspent;
    purse.received += amount;
    purse.spent += amount;
    if (purse.spent >= purse.window) {
      purse.spent = 0;
      purse.window = Math.min(this.#options.largestWindow, purse.window * 2);
    }
    if (keep) {
      purse.queued += amount;
      this.#held += amount;
      // What was granted and is queued now takes the room that it took before.
      if (amount <= unspent) return this.#touch(purse);
      this.#used += amount;
    }
    this.#used += purse.unspent - unspent;
    this.#recount(purse, before);
  }

  /** A queued `amount` leaves the queue; its room stays taken until `release`. */
  start(purse: Purse<Owner>, amount: number): void {
    const before = purse.loose;
    purse.queued -= amount;
    purse.running += amount;
    this.#recount(purse, before);
  }

  release(purse: Purse<Owner>, amount: number): void {
    purse.running -= amount;
    this.#used -= amount;
    this.#held -= amount;
  }

  /** Lowers the limit of a sender that is idle. It keeps something, and gets more when it spends that. */
  lower(purse: Purse<Owner>, limit: number): void {
    const kept = Math.max(limit, purse.received + 1);
    if (kept >= purse.limit) return;
    this.#used -= purse.limit - kept;
    purse.limit = kept;
  }

  /** So much of what is queued is of types that its sender keeps back. */
  block(purse: Purse<Owner>, amount: number): void {
    if (purse.blocked === amount) return;
    const before = purse.loose;
    purse.blocked = amount;
    this.#recount(purse, before);
  }

  /** Grants what there is room for, between two `settle`. */
  retry(purse: Purse<Owner>): boolean {
    return purse.unspent === 0 && this.#topUp(purse);
  }

  /** Takes back what was not spent. What is queued or runs is released one by one. */
  close(purse: Purse<Owner>): void {
    const before = purse.loose;
    this.#used -= purse.unspent;
    purse.limit = purse.received;
    purse.closed = true;
    this.#recount(purse, before);
  }

  /** Grants what there is room for: first to those who have nothing, then to those who ran dry, then to the rest. */
  settle(granted: (purse: Purse<Owner>) => void): void {
    this.#serve(this.#bare, 'bare', granted);
    this.#serve(this.#dry, 'dry', granted);
    if (this.#touched.length === 0) return;
    for (const purse of this.#touched) {
      purse.touched = false;
      if (purse.closed) continue;
      if (this.#topUp(purse)) granted(purse);
      else this.#queue(purse);
    }
    this.#touched.length = 0;
  }

  /** Grants this purse what is worth telling: a quarter of its window, or anything if it had nothing left. */
  #topUp(purse: Purse<Owner>): boolean {
    const { held, loose, unspent, window } = purse;
    const room = Math.max(window - held, purse.blocked > 0 ? Math.ceil(window / 2) - loose : 0);
    const shared = this.free - Math.max(0, this.#options.purses - this.#holders) * this.unit;
    const share = Math.floor((2 * shared - loose) / 3);
    const grant = Math.min(room, Math.max(share, loose === 0 ? this.#least(purse) : 0));
    if (grant <= 0 || (unspent > 0 && grant < window / 4)) return false;
    purse.limit = purse.received + unspent + grant;
    this.#used += grant;
    if (loose === 0) this.#holders += 1;
    return true;
  }

  /** For a purse that holds nothing. Leaves something to each of the others for whom a place is kept. */
  #least({ running, blocked }: Purse<Owner>): number {
    const room = this.free - Math.max(0, this.#options.purses - this.#holders - 1);
    if (room > 0) return Math.min(this.unit, room);
    return blocked > 0 ? Math.min(1, this.unit - running) : this.unit - running;
  }

  #recount(purse: Purse<Owner>, before: number): void {
    const { loose } = purse;
    if (before === 0 && loose > 0) this.#holders += 1;
    else if (before > 0 && loose === 0) this.#holders -= 1;
    this.#touch(purse);
  }

  #touch(purse: Purse<Owner>): void {
    if (purse.touched) return;
    purse.touched = true;
    this.#touched.push(purse);
  }

  #queue(purse: Purse<Owner>): void {
    if (purse.unspent > 0) return;
    const line = purse.loose === 0 ? 'bare' : 'dry';
    if (purse.inLine === line) return;
    purse.inLine = line;
    (line === 'bare' ? this.#bare : this.#dry).push(purse);
  }

  /** Stops when some in a row may not have anything: their own works will free some, and they go to the end. */
  #serve(line: Ring<Purse<Owner>>, name: 'bare' | 'dry', granted: (purse: Purse<Owner>) => void): void {
    let failed = 0;
    for (let left = line.length; left > 0 && failed < failuresInLine; left -= 1) {
      if (name === 'dry' && this.free <= 0) return;
      const purse = line.shift() as Purse<Owner>;
      if (purse.inLine !== name) continue;
      purse.inLine = undefined;
      if (purse.closed || purse.unspent > 0) continue;
      failed = this.#topUp(purse) ? 0 : failed + 1;
      if (failed === 0) granted(purse);
      else this.#queue(purse);
    }
  }
}
