import { Observable, type Subscriber } from 'rxjs';
import { BusError } from '../../errors/bus-error.js';
import type { LinkPeer } from '../../frame/peer.js';
import type { Clock } from '../../time/clock.js';
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

/** A link over a gRPC call, with the handle for whoever watches how the call ends. */
export interface CallLink extends Link {
  /** The call is over: completes `batches$`, or breaks it unless this side had asked for the end. */
  finish(error?: BusError): void;
  /** The other side has closed: this one closes too, but what breaks meanwhile still counts as broken. */
  followClose(): void;
  /** Whether either side has closed. */
  readonly closing: boolean;
}

export interface CallLinkOptions {
  readonly call: Call;
  /** Who is there; on the dialling side the certificate is known only after the other side has answered. */
  peer(): LinkPeer;
  readonly clock: Clock;
  /** Resets the call at once. */
  reset(): void;
  /** Called once, when the link has ended. */
  ended(): void;
}

/**
 * Makes the link. It does not read before `batches$` has its subscriber, so what comes early stays in the call's own
 * buffers, bounded by its window; from then on it never pauses. An end is learnt by reading, too.
 */
export function callLink({ call, peer, clock, reset, ended }: CallLinkOptions): CallLink {
  let state: 'open' | 'closing' | 'ended' = 'open';
  let asked = false;
  let failure: BusError | undefined;
  let reader: Subscriber<Uint8Array> | 'none yet' | 'gone' = 'none yet';
  let cancelClose = () => {};
  let over = () => {};
  const end = new Promise<void>((resolve) => {
    over = resolve;
  });

  const tell = (subscriber: Subscriber<Uint8Array>) =>
    failure === undefined ? subscriber.complete() : subscriber.error(failure);

  const batches$ = new Observable<Uint8Array>((subscriber) => {
    if (reader !== 'none yet') {
      return subscriber.error(
        new BusError('closed', 'batches$ of a link is for one subscriber, and it has had it'),
      );
    }
    if (state === 'ended') return tell(subscriber);
    reader = subscriber;
    const onBatch = (batch: Buffer) => subscriber.next(batch);
    call.on('data', onBatch);
    return () => {
      reader = 'gone';
      call.off('data', onBatch);
      call.resume();
    };
  });

  const finish = (error?: BusError) => {
    if (state === 'ended') return;
    if (!asked) failure = error;
    state = 'ended';
    cancelClose();
    ended();
    over();
    if (typeof reader === 'object') tell(reader);
  };
  const abort = () => {
    if (state === 'ended') return;
    asked = true;
    reset();
    finish();
  };
  const followClose = () => {
    if (state !== 'open') return;
    state = 'closing';
    cancelClose = clock.after(closeWithinMs, abort);
    call.end();
  };

  return {
    get peer() {
      return peer();
    },
    batches$,
    write(batch, done) {
      if (state !== 'open') return;
      call.write(Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength), (error) => {
        if (!error && state !== 'ended') done();
      });
    },
    close() {
      asked = true;
      followClose();
      return end;
    },
    abort,
    finish,
    followClose,
    get closing() {
      return state === 'closing';
    },
  };
}
