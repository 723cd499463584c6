import { Observable, type Subscriber } from 'rxjs';
import { BusError } from '../../errors/bus-error.js';
import type { LinkPeer } from '../../frame/peer.js';
import type { Cancel, Clock } from '../../time/clock.js';
import type { Link } from '../link.js';

/** How long `close` waits in milliseconds for what was written to leave. */
const closeWithinMs = 1000;

/** The part of a gRPC call that is the same on both ends. */
export interface Call {
  write(chunk: Buffer, done: (error?: Error | null) => void): boolean;
  end(): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
}

/**
 * A link over a gRPC call, with the handle for whoever watches how the call ends. It does not read before `batches$` has
 * its subscriber, so what comes early stays in the call's own buffers, bounded by its window; from then on it never pauses.
 * An end is learnt by reading, too.
 */
export abstract class CallLink implements Link {
  /** Who is there; on the dialling side the certificate is known only after the other side has answered. */
  abstract readonly peer: LinkPeer;
  readonly batches$ = new Observable<Uint8Array>((subscriber) => this.#read(subscriber));
  #state: 'open' | 'closing' | 'ended' = 'open';
  #asked = false;
  #failure: BusError | undefined;
  #reader: Subscriber<Uint8Array> | 'none yet' | 'gone' = 'none yet';
  #cancelClose: Cancel | undefined;
  /** Those who wait for the end. */
  #waiting: (() => void)[] | undefined;

  constructor(
    protected readonly call: Call,
    protected readonly clock: Clock,
  ) {}

  /** Resets the call at once. */
  protected abstract reset(): void;
  /** Called once, when the link has ended. */
  protected abstract ended(): void;

  /** Whether either side has closed. */
  get closing(): boolean {
    return this.#state === 'closing';
  }

  write(batch: Uint8Array, done: (free: boolean) => void): void {
    if (this.#state !== 'open') return;
    const { buffer, byteOffset, byteLength } = batch;
    const bytes = batch instanceof Buffer ? batch : Buffer.from(buffer, byteOffset, byteLength);
    this.call.write(bytes, (error) => {
      if (!error && this.#state !== 'ended') done(true);
    });
  }

  close(): Promise<void> {
    this.#asked = true;
    this.followClose();
    if (this.#state === 'ended') return Promise.resolve();
    this.#waiting ??= [];
    const waiting = this.#waiting;
    return new Promise((resolve) => waiting.push(resolve));
  }

  abort(): void {
    if (this.#state === 'ended') return;
    this.#asked = true;
    this.reset();
    this.finish();
  }

  /** The call is over: completes `batches$`, or breaks it unless this side had asked for the end. */
  finish(error?: BusError): void {
    if (this.#state === 'ended') return;
    if (!this.#asked) this.#failure = error;
    this.#state = 'ended';
    this.#cancelClose?.();
    this.ended();
    for (const resolve of this.#waiting ?? []) resolve();
    if (typeof this.#reader === 'object') this.#tell(this.#reader);
  }

  /** The other side has closed: this one closes too, but what breaks meanwhile still counts as broken. */
  followClose(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#cancelClose = this.clock.after(closeWithinMs, () => this.abort());
    this.call.end();
  }

  #read(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.#reader !== 'none yet') {
      const text = 'batches$ of a link is for one subscriber, and it has had it';
      subscriber.error(new BusError('closed', text));
      return undefined;
    }
    if (this.#state === 'ended') {
      this.#tell(subscriber);
      return undefined;
    }
    this.#reader = subscriber;
    const onBatch = (batch: Buffer) => subscriber.next(batch);
    this.call.on('data', onBatch);
    return () => {
      this.#reader = 'gone';
      this.call.off('data', onBatch);
      this.call.resume();
    };
  }

  #tell(subscriber: Subscriber<Uint8Array>): void {
    if (this.#failure === undefined) subscriber.complete();
    else subscriber.error(this.#failure);
  }
}
