import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
import { type Decoded, decodeBatch } from '../frame/codec.js';
import type { Frame } from '../frame/frame.js';
import type { Clock } from '../time/clock.js';
import type { Link } from '../transport/link.js';

/** A link whose first frame has come: a hello on the hub's side, a welcome or a refusal on the worker's. */
export interface Opening {
  readonly link: Link;
  readonly first: Frame;
  /** Everything after the first frame, batch by batch, to one subscriber. Errors with a `BusError`. */
  readonly frames$: Observable<readonly Frame[]>;
  /** Whether the link is gone. */
  readonly ended: boolean;
}

interface OpeningOptions {
  readonly clock: Clock;
  /** How long the first frame may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Largest first batch in bytes; and the most that is kept of what follows until somebody reads it. */
  readonly maxBytes: number;
  /** Told of frames of a kind that this version does not know; they are skipped. */
  onUnknown(error: BusError): void;
}

/** Waits for the first frame of a link. Rejects with a `BusError`; the link is then the caller's to end. */
export function open(
  link: Link,
  { clock, timeoutMs, maxBytes, onUnknown }: OpeningOptions,
): Promise<Opening> {
  return new Promise((resolve, reject) => {
    let reader: Subscriber<readonly Frame[]> | undefined;
    let ending: (() => void) | undefined;
    let opened = false;
    const early: (readonly Frame[])[] = [];
    const frames$ = new Observable<readonly Frame[]>((subscriber) => {
      reader = subscriber;
      for (const frames of early.splice(0)) subscriber.next(frames);
      ending?.();
      return () => subscription.unsubscribe();
    });
    const fail = (error: unknown) => {
      cancelTimer();
      if (!opened) reject(error);
      ending = () => reader?.error(error);
      ending();
    };
    const cancelTimer = clock.after(timeoutMs, () => {
      subscription.unsubscribe();
      fail(
        new BusError(
          'handshake-failed',
          `${link.peer.address} sent no greeting within ${timeoutMs} ms: the link is closed`,
        ),
      );
    });
    let kept = 0;
    /** Before it is decoded: small frames take far more room than their bytes. */
    const keep = (bytes: number) => {
      kept += bytes;
      if (kept > maxBytes)
        throw new BusError(
          'protocol',
          `${link.peer.address} sent ${kept} bytes before its greeting was answered`,
        );
    };
    const deliver = (frames: readonly Frame[]) => {
      if (reader) return reader.next(frames);
      if (frames.length > 0) early.push(frames);
    };
    const subscription: Subscription = link.batches$.subscribe({
      next: (bytes) => {
        try {
          if (!opened && bytes.length > maxBytes)
            throw new BusError(
              'too-large',
              `the greeting of ${link.peer.address} has ${bytes.length} bytes, at most ${maxBytes} are read`,
            );
          if (opened && !reader) keep(bytes.length);
          const { frames, unknown } = decode(bytes, link);
          if (unknown > 0) onUnknown(unknownKind(unknown, link));
          const first = frames[0];
          if (opened || first === undefined) return deliver(frames);
          opened = true;
          cancelTimer();
          deliver(frames.slice(1));
          resolve({
            link,
            first,
            frames$,
            get ended() {
              return ending !== undefined;
            },
          });
        } catch (thrown) {
          subscription?.unsubscribe();
          fail(thrown);
        }
      },
      error: fail,
      complete: () => {
        if (!opened)
          return fail(
            new BusError('handshake-failed', `${link.peer.address} closed the link before its greeting`),
          );
        ending = () => reader?.complete();
        ending();
      },
    });
  });
}

/** Says whose bytes they were. */
function decode(bytes: Uint8Array, { peer }: Link): Decoded {
  try {
    return decodeBatch(bytes);
  } catch (thrown) {
    throw new BusError('protocol', `${peer.address} sent what is no batch of frames: ${textOf(thrown)}`, {
      cause: thrown,
    });
  }
}

const unknownKind = (count: number, { peer }: Link): BusError =>
  new BusError(
    'protocol',
    `${peer.address} sent ${count} frames of a kind that this version does not know: skipped`,
  );
