import { BusError } from '../../errors/bus-error.js';
import { type Clock, systemClock } from '../../time/clock.js';
import { deadLink } from '../dead-link.js';
import type { DialOptions, ListenOptions, Transport } from '../link.js';
import { type DialledPair, dialPair, type Listening } from './dialled-pair.js';
import { type Latency, Routes } from './routes.js';
import { seededRandom } from './seeded-random.js';

/** The clock, the latency and the luck of a memory network. */
export interface MemoryNetworkOptions {
  /** Default: the clock of this process. */
  readonly clock?: Clock;
  /** One way, in milliseconds; 0 by default, which still takes a turn of the event loop. */
  readonly latencyMs?: Latency;
  /** Of the random numbers that a latency function is given; 1 by default, so every run can be repeated. */
  readonly seed?: number;
}

/** A network inside one process. Bytes are copied, arrive in order, and take the time that the clock says. */
export interface MemoryNetwork {
  /** Links of which an end has not ended yet. */
  readonly links: number;
  /** The transport as a host sees it. It listens on names, and those are dialled; TLS is an `invalid-option`. */
  transport(host: string): Transport;
  /** Sets the latency of what is sent from now on: everywhere, or one way between two hosts. */
  latency(latency: Latency): void;
  latency(from: string, to: string, latency: Latency): void;
  /** Nothing passes between the two sides until `heal`: links stay open and silent, and what was sent arrives late. */
  partition(some: string | readonly string[], others: string | readonly string[]): void;
  /** Ends every partition; what was held arrives at once, in order. */
  heal(): void;
  /** Breaks the links of a host, or those between two: what is under way is lost, both ends error after their latency. */
  cut(which: string | { readonly from: string; readonly to: string }): void;
}

/** Makes a network without hosts or links; a name becomes a host when it is used. */
export function memoryNetwork({
  clock = systemClock,
  latencyMs = 0,
  seed = 1,
}: MemoryNetworkOptions = {}): MemoryNetwork {
  const routes = new Routes(latencyMs, seededRandom(seed));
  const listening = new Map<string, Listening>();
  const pairs = new Set<DialledPair>();

  const onEnded = (pair: DialledPair) => {
    if (pair.near.ended && pair.far?.ended !== false) pairs.delete(pair);
  };

  const transport = (host: string): Transport => ({
    async listen(options, accept) {
      check(options);
      const { address, maxBatchBytes } = options;
      if (listening.has(address)) {
        const text = `cannot listen on ${address}: the address is in use`;
        throw new BusError('unreachable', text, { details: { address } });
      }
      const own: Listening = { host, maxBatchBytes, ends: new Set(), accept, emptied: () => {} };
      listening.set(address, own);
      let closed: Promise<void> | undefined;
      return {
        address,
        close() {
          closed ??= new Promise((resolve) => {
            listening.delete(address);
            own.emptied = resolve;
            if (own.ends.size === 0) resolve();
            for (const end of own.ends) end.close();
          });
          return closed;
        },
      };
    },
    dial(options, kind) {
      try {
        check(options);
      } catch (error) {
        return deadLink(options.address, error);
      }
      const pair = dialPair({ clock, routes, listening }, host, options, kind, onEnded);
      pairs.add(pair);
      return pair.near;
    },
  });

  return {
    get links() {
      return pairs.size;
    },
    transport,
    latency(...args: [Latency] | [string, string, Latency]) {
      if (args.length === 1) routes.setUsual(args[0]);
      else routes.set(...args);
    },
    partition: (some, others) => routes.partition([some].flat(), [others].flat()),
    heal() {
      routes.heal();
      for (const { near, far } of pairs) {
        near.pump();
        far?.pump();
      }
    },
    cut(which) {
      for (const pair of pairs) {
        const { from, to } = pair;
        const hit =
          typeof which === 'string'
            ? from === which || to === which
            : (from === which.from && to === which.to) || (from === which.to && to === which.from);
        if (hit) pair.cut();
      }
    },
  };
}

function check({ address, tls }: ListenOptions | DialOptions): void {
  if (tls !== undefined)
    throw new BusError('invalid-option', "the memory network has no TLS: leave 'tls' out");
  if (!/^\S+$/.test(address))
    throw new BusError('invalid-option', `'${address}' is no address: give a host's name`);
}
