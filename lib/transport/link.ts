import type { Observable } from 'rxjs';
import type { LinkPeer } from '../frame/peer.js';

/** Which call of the wire a link belongs to: a worker's membership, or its beats alone. */
export type CallKind = 'attach' | 'pulse';

/** One connection: whole batches in, whole batches out, in order, until it ends. */
export interface Link {
  readonly peer: LinkPeer;
  /**
   * Batches as they arrive, to one subscriber; what arrives before it subscribes is kept. Completes when either side
   * has closed the link, errors with a `BusError` when it broke (`unreachable` before the other side answered,
   * `peer-lost` after, `protocol` for bytes that are no batch).
   */
  readonly batches$: Observable<Uint8Array>;
  /**
   * Hands over one batch; `done` is called once, when the link can take the next. One write at a time, but for a last one
   * before `close`. On a link that has ended it does nothing, and `done` is not called. It does not keep the batch for
   * long: many share their memory. With `free`, nothing reads the batch any more, and it may be written over.
   */
  write(batch: Uint8Array, done: (free?: boolean) => void): void;
  /**
   * Ends the link after what was written has left; aborts it when that takes longer than a second. Resolves when
   * the process may end without losing any of it.
   */
  close(): Promise<void>;
  /** Ends the link at once; what has not left is thrown away. */
  abort(): void;
}

/** Where a transport listens. */
export interface Listener {
  /** What a worker dials: `host:port`, with the port that was really taken. */
  readonly address: string;
  /** Takes no new link, closes those that are open, and frees the address. */
  close(): Promise<void>;
}

/** Certificates of a hub, each as PEM. With `ca`, workers must show a certificate that it signed (mutual TLS). */
export interface ServerTls {
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
  readonly ca?: string | Uint8Array;
}

/** Certificates of a worker, each as PEM. Without `ca`, the authorities that Node.js knows. */
export interface ClientTls {
  readonly ca?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  /** The name to expect in the hub's certificate, where it is not the host of the address. */
  readonly serverName?: string;
}

/** What a transport needs to listen. */
export interface ListenOptions {
  readonly address: string;
  readonly tls?: ServerTls;
  /** Largest batch in bytes that is read; a larger one breaks its link with `protocol`. */
  readonly maxBatchBytes: number;
}

/** What a transport needs to dial. */
export interface DialOptions {
  readonly address: string;
  readonly tls?: ClientTls;
  readonly maxBatchBytes: number;
}

/** The port that gRPC and the memory network both fill. */
export interface Transport {
  /** Rejects with `unreachable` if the address cannot be had (in use, no such host) and `invalid-option` if it is none. */
  listen(options: ListenOptions, accept: (link: Link, call: CallKind) => void): Promise<Listener>;
  /** Gives a link at once, on a channel of its own; whether the other side is there shows on `batches$`. */
  dial(options: DialOptions, call: CallKind): Link;
}
