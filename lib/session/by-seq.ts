const free = -1;
const smallest = 16;
/** Beyond so many places a table does not grow: what collides then is kept aside. */
const largest = 16_384;
/** Of all tables that hold nothing: none adds to it. */
const none: never[] = [];

/**
 * Things by the number of their message. Numbers ascend and mostly go in the order in which they came, so a number finds
 * its place without a hash, and nothing is allocated for it; a `Map` costs 100 bytes and more than all the rest of a
 * short message here. What lasts while many others come and go is kept aside in one.
 */
export class BySeq<T> {
  #items: (T | undefined)[] = none;
  #seqs: number[] = none;
  #count = 0;
  #aside: Map<number, T> | undefined;

  get size(): number {
    return this.#count + (this.#aside?.size ?? 0);
  }

  get(seq: number): T | undefined {
    const place = seq & (this.#items.length - 1);
    if (this.#seqs[place] === seq) return this.#items[place];
    return this.#aside?.get(seq);
  }

  /** There must be none with this number. */
  set(seq: number, item: T): void {
    if (this.#count >= this.#items.length / 2 && this.#items.length < largest) this.#grow();
    this.#put(seq, item);
  }

  /** Whether there was one. */
  delete(seq: number): boolean {
    const place = seq & (this.#items.length - 1);
    if (this.#seqs[place] !== seq) return this.#aside?.delete(seq) ?? false;
    this.#seqs[place] = free;
    this.#items[place] = undefined;
    this.#count -= 1;
    return true;
  }

  /** In the order of their numbers. */
  values(): T[] {
    const entries = [...(this.#aside ?? [])];
    for (const [place, seq] of this.#seqs.entries())
      if (seq !== free) entries.push([seq, this.#items[place] as T]);
    return entries.sort(([a], [b]) => a - b).map(([, item]) => item);
  }

  /** Takes all of them out, in the order of their numbers. */
  clear(): T[] {
    const values = this.values();
    this.#items = none;
    this.#seqs = none;
    this.#count = 0;
    this.#aside = undefined;
    return values;
  }

  #put(seq: number, item: T): void {
    const place = seq & (this.#items.length - 1);
    if (this.#seqs[place] !== free) {
      this.#aside ??= new Map();
      this.#aside.set(seq, item);
      return;
    }
    this.#seqs[place] = seq;
    this.#items[place] = item;
    this.#count += 1;
  }

  #grow(): void {
    const [items, seqs] = [this.#items, this.#seqs];
    const places = Math.max(smallest, 2 * items.length);
    this.#items = new Array(places).fill(undefined);
    this.#seqs = new Array(places).fill(free);
    this.#count = 0;
    for (const [place, seq] of seqs.entries()) if (seq !== free) this.#put(seq, items[place] as T);
  }
}
