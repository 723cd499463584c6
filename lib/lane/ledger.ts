import type { Totals } from '../frame/frame.js';
import { Pool, type Purse } from './pool.js';

/** What all sources of a lane share. */
export interface LedgerOptions {
  readonly capacity: number;
  readonly capacityBytes: number;
  /** How many sources a place is kept for. */
  readonly sources: number;
}

/** One source's side of the ledger. */
export class Account {
  readonly messages: Purse<Account>;
  readonly bytes: Purse<Account>;
  changed = false;

  constructor(
    messages: Pool<Account>,
    bytes: Pool<Account>,
    readonly granted: (limit: Totals) => void,
  ) {
    this.messages = messages.open(this);
    this.bytes = bytes.open(this);
  }

  get limit(): Totals {
    return { messages: this.messages.limit, bytes: this.bytes.limit };
  }
}

const firstWindow = { messages: 64, bytes: 64 * 1024 };
const largestWindow = { messages: 4096, bytes: 256 * 1024 };

/**
 * Who may still send how much. Limits are absolute, so a grant that is lost or repeated changes nothing. A message is
 * begun on any byte of credit that is left: by what it is larger, its source is in debt until the next grant.
 */
export class Ledger {
  readonly #messages: Pool<Account>;
  readonly #bytes: Pool<Account>;
  readonly #changed: Account[] = [];
  readonly #grant = ({ owner }: Purse<Account>): void => {
    if (owner.changed) return;
    owner.changed = true;
    this.#changed.push(owner);
  };

  constructor({ capacity, capacityBytes, sources }: LedgerOptions) {
    this.#messages = new Pool({
      capacity,
      purses: sources,
      firstWindow: firstWindow.messages,
      largestWindow: largestWindow.messages,
    });
    this.#bytes = new Pool({
      capacity: capacityBytes,
      purses: sources,
      firstWindow: firstWindow.bytes,
      largestWindow: largestWindow.bytes,
    });
  }

  /** What is granted and unspent, queued or (bytes) running, of all sources together. */
  get used(): Totals {
    return { messages: this.#messages.used, bytes: this.#bytes.used };
  }

  open(granted: (limit: Totals) => void): Account {
    return new Account(this.#messages, this.#bytes, granted);
  }

  /** A message arrived. true: it is queued. false: its sender had no credit for it; received it is all the same. */
  receive(account: Account, bytes: number): boolean {
    const allowed = account.messages.unspent > 0 && account.bytes.unspent > 0;
    this.#messages.receive(account.messages, 1, allowed);
    this.#bytes.receive(account.bytes, bytes, allowed);
    return allowed;
  }

  /** A message arrived that will never run. */
  refuse(account: Account, bytes: number): void {
    this.#messages.receive(account.messages, 1, false);
    this.#bytes.receive(account.bytes, bytes, false);
  }

  /** A queued message begins to run: its place is free, its bytes are not. */
  start(account: Account, bytes: number): void {
    this.#messages.start(account.messages, 1);
    this.#messages.release(account.messages, 1);
    this.#bytes.start(account.bytes, bytes);
  }

  /** A message that was started is done with. */
  end(account: Account, bytes: number): void {
    this.#bytes.release(account.bytes, bytes);
  }

  /** Grants what there is room for, and tells each source that got some, once. */
  settle(): void {
    this.#messages.settle(this.#grant);
    this.#bytes.settle(this.#grant);
    if (this.#changed.length === 0) return;
    for (const account of this.#changed.splice(0)) {
      account.changed = false;
      account.granted(account.limit);
    }
  }

  /**
   * An idle sender says that it held `held` and goes on with `kept`. false: a grant that it had not seen is under way
   * to it, and stands. The sender itself lowers its limit, so nothing that it sends can come too late for that.
   */
  giveBack(account: Account, held: Totals, kept: Totals): boolean {
    const { messages, bytes } = account;
    if (held.messages !== messages.limit || held.bytes !== bytes.limit) return false;
    this.#messages.lower(messages, kept.messages);
    this.#bytes.lower(bytes, kept.bytes);
    return true;
  }

  close(account: Account): void {
    this.#messages.close(account.messages);
    this.#bytes.close(account.bytes);
  }
}
