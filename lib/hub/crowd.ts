import { BusError } from '../errors/bus-error.js';
import type { LinkPeer } from '../frame/peer.js';

/** Where a peer is, without its port: that one is new with each link. */
export const hostOf = ({ address }: LinkPeer): string => address.replace(/:\d+$/, '');

/** Links that have not been let in yet: so many at once, and so many of one address. */
export class Crowd {
  #size = 0;
  readonly #sizes = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly mostPerAddress: number,
  ) {}

  /** Counts a link; gives what takes it out again, or throws `overflow`. One address must not keep all others out. */
  enter(peer: LinkPeer): () => void {
    const host = hostOf(peer);
    if (this.#size >= this.most)
      throw new BusError('overflow', `${this.most} links are being greeted already: dial again later`);
    if ((this.#sizes.get(host) ?? 0) >= this.mostPerAddress)
      throw new BusError(
        'overflow',
        `${this.mostPerAddress} links from ${host} are being greeted already: dial again later`,
      );
    this.#count(host, 1);
    return () => this.#count(host, -1);
  }

  #count(host: string, change: 1 | -1): void {
    this.#size += change;
    const size = (this.#sizes.get(host) ?? 0) + change;
    if (size === 0) this.#sizes.delete(host);
    else this.#sizes.set(host, size);
  }
}
