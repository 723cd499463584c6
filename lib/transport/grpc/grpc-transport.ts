import { type Clock, systemClock } from '../../time/clock.js';
import type { Transport } from '../link.js';
import { dial } from './dial.js';
import { listen } from './listen.js';

/** How links over gRPC behave. */
export interface GrpcTransportOptions {
  /**
   * Milliseconds between HTTP/2 pings. Off by default: a ping needs the peer's event loop, so it would cut a healthy
   * worker that computes; 30,000 or more if something between the two sides forgets idle connections.
   */
  readonly keepaliveMs?: number;
  /** How long a dialled link may go without an answer, in milliseconds; 5,000 by default. */
  readonly connectWithinMs?: number;
  /** How long a connection may stay without a call, in milliseconds; 10,000 by default. */
  readonly idleMs?: number;
  readonly clock?: Clock;
}

/** The transport for real networks: gRPC over TCP, in plain text, with TLS, or with TLS on both sides. */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  const { clock = systemClock, keepaliveMs, connectWithinMs = 5000, idleMs = 10_000 } = options;
  return {
    listen: (where, accept) => listen({ clock, keepaliveMs, idleMs }, where, accept),
    dial: (where, kind) => dial({ clock, keepaliveMs, connectWithinMs }, where, kind),
  };
}
