// The door `drumline/testing`: a network, a clock and the conformance kit, for tests of what is built on the bus.

export type { LinkPeer } from '../frame/peer.js';
export type { Cancel, Clock } from '../time/clock.js';
export type { CallKind, DialOptions, Link, Listener, ListenOptions, Transport } from '../transport/link.js';
export {
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
} from '../transport/memory/memory-network.js';
export type { Latency } from '../transport/memory/routes.js';
export { seededRandom } from '../transport/memory/seeded-random.js';
export { conformance } from './conformance/conformance.js';
export type { ConformanceCase, ConformanceOptions } from './conformance/option.js';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './virtual-clock.js';
