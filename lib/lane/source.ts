import type { Totals } from '../frame/frame.js';
import type { FairQueue } from './fair-queue.js';
import type { Account, Ledger } from './ledger.js';
import { QueueSource } from './queue-source.js';
import type { Work } from './work.js';

/** One session's end of the lane: what it sends goes in here, and its credit comes back. */
export class LaneSource<W extends Work> {
  readonly #queue: QueueSource<W, Account>;
  readonly #ledger: Ledger;
  readonly #account: Account;
  readonly #wake: () => void;
  #closed = false;

  /** Made by `Lane.source`. */
  constructor(
    queue: FairQueue<W, Account>,
    ledger: Ledger,
    onGrant: (limit: Totals) => void,
    onHold: (type: string, held: boolean) => void,
    wake: () => void,
  ) {
    this.#ledger = ledger;
    this.#account = ledger.open(onGrant, onHold);
    this.#queue = new QueueSource(queue, this.#account, this.#account.shares);
    this.#wake = wake;
  }

  /** The absolute limit granted so far. */
  get limit(): Totals {
    return this.#account.limit;
  }

  /** What of it the peer has not used. */
  get unspent(): Totals {
    return { messages: this.#account.messages.unspent, bytes: this.#account.bytes.unspent };
  }

  /** Bytes of works that wait. */
  get queuedBytes(): number {
    return this.#account.bytes.queued;
  }

  /** What was received so far, refused works included. */
  get received(): Totals {
    return { messages: this.#account.messages.received, bytes: this.#account.bytes.received };
  }

  /** Takes a work. false: the peer sent more than its credit allows; the work was not taken, but counts as received. */
  admit(work: W): boolean {
    if (this.#closed) return false;
    const taken = this.#ledger.receive(this.#account, work.bytes);
    if (taken) this.#queue.push(work);
    this.#wake();
    return taken;
  }

  /** Counts a part of a large message, so that the credit of its bytes returns; the whole is then a work of no bytes. */
  pass(bytes: number): void {
    if (this.#closed) return;
    this.#ledger.pass(this.#account, bytes);
    this.#wake();
  }

  /** Counts a message that was received but never becomes work, so that its credit returns. */
  refuse(bytes: number): void {
    if (this.#closed) return;
    this.#ledger.refuse(this.#account, bytes);
    this.#wake();
  }

  /** Takes a queued work out again before it starts. false: it runs, has ended, or was never here. */
  withdraw(work: W): boolean {
    const taken = this.#queue.remove(work);
    if (taken) this.#forget(work);
    return taken;
  }

  /** Starts nothing of what is queued, until `resume`. It is admitted, granted and withdrawn as before, and keeps its places. */
  pause(): void {
    this.#queue.pause();
    this.#wake();
  }

  /** Goes on in turn with the others. */
  resume(): void {
    this.#queue.resume();
    this.#wake();
  }

  /**
   * The peer gives back credit that it does not use: it held `held` and keeps `kept`. false if a grant is under way to
   * it: then nothing changes, and its limit is that grant.
   */
  giveBack(held: Totals, kept: Totals): boolean {
    const given = !this.#closed && this.#ledger.giveBack(this.#account, held, kept);
    if (given) this.#wake();
    return given;
  }

  /** The peer may have missed what it was told to keep back: tells it all again. */
  restateHolds(): void {
    this.#account.shares.restate(this.#account.messages.unspent);
  }

  /** The peer begins anew: it keeps nothing back. For a source that is cleared. */
  forgetHolds(): void {
    this.#account.shares.forget();
    this.#ledger.look(this.#account);
  }

  /** Takes everything out that is still queued; per type or key in the order of admission. */
  clear(): W[] {
    const taken = this.#queue.clear();
    for (const work of taken) this.#forget(work);
    return taken;
  }

  /** Gives back all unspent credit. What is still queued is taken out and lost: `clear` first to have it. */
  close(): void {
    if (this.#closed) return;
    this.clear();
    this.#closed = true;
    this.#ledger.close(this.#account);
    this.#wake();
  }

  #forget(work: W): void {
    this.#ledger.start(this.#account, work.bytes);
    this.#ledger.end(this.#account, work.bytes);
    this.#wake();
  }
}
