import { BusError } from '../../errors/bus-error.js';
import type { ErrorCode } from '../../errors/code.js';
import type { LinkPeer } from '../../frame/peer.js';
import type { Clock } from '../../time/clock.js';
import type { Link } from '../link.js';
import { Inbox } from './inbox.js';
import { type Route, Wire } from './wire.js';

/** Bytes that may be under way or unread in one direction before `done` is withheld. */
export const windowBytes = 1024 * 1024;
const closeWithinMs = 1000;

/** What travels on a wire beside batches: an `open` and its answer, a close and its echo, a break. */
export type Signal = 'open' | 'answer' | 'refused' | 'close' | 'closed' | 'reset';

export interface LinkEndOptions {
  readonly clock: Clock;
  readonly peer: LinkPeer;
  readonly maxBatchBytes: number;
  /** The way to the other end. */
  readonly route: Route;
  /** Takes what has travelled to the other end. */
  deliver(item: Uint8Array | Signal): void;
  /** Lets the other end know that so many of its bytes have been read. */
  read(bytes: number): void;
  /** Called once, when this end has ended. */
  ended(): void;
}

/** One end of a link of the memory network. */
export class LinkEnd implements Link {
  readonly peer: LinkPeer;
  readonly #options: LinkEndOptions;
  readonly #inbox: Inbox;
  readonly #out: Wire<Uint8Array | Signal>;
  #state: 'open' | 'closing' | 'cut' | 'ended' = 'open';
  #flying = 0;
  #writable: (() => void) | undefined;
  #cancelClose = () => {};

  constructor(options: LinkEndOptions) {
    this.peer = options.peer;
    this.#options = options;
    this.#inbox = new Inbox(options.read);
    this.#out = new Wire(options.clock, options.route, options.deliver);
  }

  get batches$() {
    return this.#inbox.batches$;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  write(batch: Uint8Array, done: () => void): void {
    if (this.#state !== 'open') return;
    // A copy of its own: neither side may see the other change it.
    this.#out.send(new Uint8Array(batch));
    this.#flying += batch.byteLength;
    this.#writable = done;
    this.#release();
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#out.send('close');
    this.#cancelClose = this.#options.clock.after(closeWithinMs, () => this.abort());
  }

  abort(): void {
    if (this.#state === 'ended') return;
    if (this.#state !== 'cut') this.#reset();
    this.#end();
  }

  /** Breaks this end: the other one hears of it, and `batches$` errors unless this end was closing. */
  fail(error: BusError): void {
    if (this.#state === 'ended') return;
    this.#reset();
    this.#end(error);
  }

  /** Cuts the way from here: what is under way is lost, and this end breaks after its latency. */
  cut(error: () => BusError): void {
    if (this.#state === 'ended' || this.#state === 'cut') return;
    this.#state = 'cut';
    this.#out.clear();
    const { clock, route } = this.#options;
    clock.after(route.latencyMs(), () => this.#end(error()));
  }

  /** Sends what is no batch. */
  signal(signal: Signal): void {
    if (this.#state !== 'cut') this.#out.send(signal);
  }

  /** Takes what the other end sent. */
  receive(item: Uint8Array | Signal): void {
    if (this.#state === 'ended' || this.#state === 'cut') return;
    if (typeof item !== 'string') this.#take(item);
    else if (item === 'reset') this.#end(this.#error('peer-lost', 'broke the link'));
    else if (item === 'closed') this.#end();
    else if (item === 'close') {
      this.#out.send('closed');
      this.#end();
    }
  }

  /** The other end has read so many of the bytes that were sent from here. */
  read(bytes: number): void {
    this.#flying -= bytes;
    this.#release();
  }

  /** Lets go on with what waits to be delivered, after the route has changed. */
  pump(): void {
    this.#out.pump();
  }

  #take(batch: Uint8Array): void {
    const { byteLength } = batch;
    const { maxBatchBytes } = this.#options;
    if (byteLength <= maxBatchBytes) this.#inbox.push(batch);
    else
      this.fail(
        this.#error('protocol', `sent a batch of ${byteLength} bytes; at most ${maxBatchBytes} are read`),
      );
  }

  #error(code: ErrorCode, what: string): BusError {
    const { address } = this.peer;
    return new BusError(code, `${address} ${what}`, { details: { address } });
  }

  #release(): void {
    const done = this.#writable;
    if (done === undefined || this.#flying > windowBytes) return;
    this.#writable = undefined;
    this.#options.clock.soon(() => {
      if (this.#state === 'open' || this.#state === 'closing') done();
    });
  }

  #reset(): void {
    this.#out.clear();
    this.#out.send('reset');
  }

  #end(error?: BusError): void {
    if (this.#state === 'ended') return;
    const asked = this.#state === 'closing';
    this.#state = 'ended';
    this.#cancelClose();
    this.#options.ended();
    this.#inbox.end(asked ? undefined : error);
  }
}
