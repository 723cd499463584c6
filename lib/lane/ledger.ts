import type { Totals } from '../frame/frame.js';
import { Pool } from './pool.js';
import type { Purse } from './purse.js';
import { Shares } from './shares.js';

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
  readonly shares: Shares;
  changed = false;
  looked = false;

  constructor(
    messages: Pool<Account>,
    bytes: Pool<Account>,
    readonly granted: (limit: Totals) => void,
    held: (type: string, held: boolean) => void,
  ) {
    this.messages = messages.open(this);
    this.bytes = bytes.open(this);
    this.shares = new Shares(held);
  }

  get limit(): Totals {
    return { messages: this.messages.limit, bytes: this.bytes.limit };
  }

  /** How much may be granted and queued at a time, as it is now. */
  get places(): Totals {
    return { messages: this.messages.window, bytes: this.bytes.window };
  }

  /** No message may be begun. */
  get dry(): boolean {
    return this.messages.unspent === 0 || this.bytes.unspent === 0;
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
  /** Something of them came or went. */
  readonly #looked: Account[] = [];
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

  /** Bytes of what is queued or runs. */
  get heldBytes(): number {
    return this.#bytes.held;
  }

  open(granted: (limit: Totals) => void, held: (type: string, held: boolean) => void = () => {}): Account {
    return new Account(this.#messages, this.#bytes, granted, held);
  }

  /** What this source has queued, or holds, has changed: `settle` looks at it. */
  look(account: Account): void {
    if (account.looked) return;
    account.looked = true;
    this.#looked.push(account);
  }

  /** A message arrived. true: it is queued. false: its sender had no credit for it; received it is all the same. */
  receive(account: Account, bytes: number): boolean {
    this.look(account);
    const allowed = account.messages.unspent > 0 && (bytes === 0 || account.bytes.unspent > 0);
    this.#messages.receive(account.messages, 1, allowed);
    this.#bytes.receive(account.bytes, bytes, allowed);
    return allowed;
  }

  /** A part of a large message arrived, whose bytes are reserved elsewhere: their room here is free again. */
  pass(account: Account, bytes: number): void {
    this.look(account);
    this.#bytes.receive(account.bytes, bytes, false);
  }

  /** A message arrived that will never run. */
  refuse(account: Account, bytes: number): void {
    this.look(account);
    this.#messages.receive(account.messages, 1, false);
    this.#bytes.receive(account.bytes, bytes, false);
  }

  /** A queued message begins to run: its place is free, its bytes are not. */
  start(account: Account, bytes: number): void {
    this.look(account);
    this.#messages.start(account.messages, 1);
    this.#messages.release(account.messages, 1);
    this.#bytes.start(account.bytes, bytes);
  }

  /** A message that was started is done with. */
  end(account: Account, bytes: number): void {
    this.#bytes.release(account.bytes, bytes);
  }

  /**
   * Holds and releases message types, grants what there is room for, and tells each source that got some, once. A hold
   * is told before the grants that count on it, so who heeds it spends nothing of them on that type.
   */
  settle(): void {
    for (const account of this.#looked) this.#judge(account);
    this.#messages.settle(this.#grant);
    this.#bytes.settle(this.#grant);
    for (const account of this.#looked.splice(0)) {
      account.looked = false;
      this.#relieve(account);
    }
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

  #judge(account: Account): void {
    const { messages, bytes, shares, places } = account;
    if (messages.closed) return;
    shares.judge(places, { messages: messages.queued, bytes: bytes.queued }, messages.unspent);
    this.#block(account);
  }

  /** A source that may send nothing at all, since works of its own wait: some of these are held, largest type first. */
  #relieve(account: Account): void {
    const { messages, bytes, shares, places } = account;
    while (!messages.closed && account.dry && shares.holdLargest(places, messages.unspent)) {
      this.#block(account);
      if (this.#messages.retry(messages)) this.#grant(messages);
      if (this.#bytes.retry(bytes)) this.#grant(bytes);
    }
  }

  #block({ shares, messages, bytes }: Account): void {
    const { blocked } = shares;
    this.#messages.block(messages, blocked.messages);
    this.#bytes.block(bytes, blocked.bytes);
  }

  close(account: Account): void {
    this.#messages.close(account.messages);
    this.#bytes.close(account.bytes);
  }
}
