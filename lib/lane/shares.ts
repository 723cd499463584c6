import type { Totals } from '../frame/frame.js';
import { Share } from './share.js';

/**
 * What one source has queued, by message type, and which types its sender keeps back. A type is held when it fills its
 * part of the source's places, or is the largest where no place is left; so one type, or a few, cannot shut out the
 * one that their handlers wait for.
 */
export class Shares {
  #byType: Map<string, Share> | undefined;
  #held: Set<Share> | undefined;
  readonly #tell: (type: string, held: boolean) => void;

  constructor(tell: (type: string, held: boolean) => void) {
    this.#tell = tell;
  }

  /** Types that are held. */
  get held(): number {
    return this.#held?.size ?? 0;
  }

  /** `part` counts for a type that was not seen before. */
  of(type: string, part: number): Share {
    let share = this.#byType?.get(type);
    if (share === undefined) {
      share = new Share(type, part);
      this.#byType ??= new Map();
      this.#byType.set(type, share);
    }
    return share;
  }

  /** Releases what has gone down, and holds what has filled its part. `queued`: of all types; `unspent`: messages. */
  judge(places: Totals, queued: Totals, unspent: number): void {
    for (const share of this.#held ?? []) if (share.low) this.#release(share);
    if (2 * queued.messages < places.messages && 2 * queued.bytes < places.bytes) return;
    for (const share of this.#byType?.values() ?? [])
      if (!share.held && share.fills(places)) this.#hold(share, places, unspent);
  }

  /** Holds the one of which most is queued; bytes count as much as messages. false: nothing is queued that is not held. */
  holdLargest(places: Totals, unspent: number): boolean {
    let largest: Share | undefined;
    let most = 0;
    for (const share of this.#byType?.values() ?? []) {
      const size = share.messages / places.messages + share.bytes / places.bytes;
      if (share.held || size <= most) continue;
      largest = share;
      most = size;
    }
    if (largest === undefined) return false;
    this.#hold(largest, places, unspent);
    return true;
  }

  get blocked(): Totals {
    let messages = 0;
    let bytes = 0;
    for (const { blocked } of this.#held ?? []) {
      messages += blocked.messages;
      bytes += blocked.bytes;
    }
    return { messages, bytes: Math.floor(bytes) };
  }

  /** Tells again what is held: who hears it has forgotten. */
  restate(unspent: number): void {
    for (const share of this.#held ?? []) {
      share.follow(unspent);
      this.#tell(share.type, true);
    }
  }

  /** Nobody remembers what was held. */
  forget(): void {
    for (const share of this.#held ?? []) share.held = false;
    this.#held = undefined;
  }

  #hold(share: Share, places: Totals, unspent: number): void {
    share.hold(places, unspent);
    this.#held ??= new Set();
    this.#held.add(share);
    this.#tell(share.type, true);
  }

  #release(share: Share): void {
    share.held = false;
    this.#held?.delete(share);
    this.#tell(share.type, false);
  }
}
