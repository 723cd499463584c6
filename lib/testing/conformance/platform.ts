import type { Log } from '../../handler/context.js';
import { tsyringeInjection } from '../../services/tsyringe-injection.js';
import type { Platform } from '../../session/option.js';
import { systemClock } from '../../time/clock.js';
import type { Transport } from '../../transport/link.js';
import { memoryNetwork } from '../../transport/memory/memory-network.js';

/** What the doors give a hub or worker, on a transport of the kit's choice. */
export const platformOf = (transport: Transport): Platform => ({
  transport,
  clock: systemClock,
  injection: tsyringeInjection,
});

/** A network of its own, in memory; its only address is `conformance`. */
export const inMemory = (): Transport => memoryNetwork({ clock: systemClock }).transport(address);

export const address = 'conformance';

/** gRPC on loopback, loaded only where a case runs over it. */
export const overGrpc = async (): Promise<Transport> =>
  (await import('../../transport/grpc/grpc-transport.js')).grpcTransport();

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
