/** How much room the large payloads of a process may take between them. */
export class Reserve {
  #used = 0;

  constructor(readonly capacity: number) {}

  /** Bytes that are reserved, whether they have arrived or not. */
  get used(): number {
    return this.#used;
  }

  /** false: there is no room for so many bytes. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.capacity) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** Copies a third of the payload once more in all; doubling would copy all of it. */
const growth = 4;

/**
 * A large payload that arrives part by part. It takes memory as they arrive, never more than four times what is there
 * nor than was declared: a peer that declares much and sends nothing costs nothing. Parts are copied, so that none keeps
 * the batch alive that it came in.
 */
export class Assembly {
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(readonly size: number) {}

  get complete(): boolean {
    return this.#length === this.size;
  }

  /** The whole, once it is complete. */
  get payload(): Uint8Array {
    return this.#bytes;
  }

  /** Memory that it has taken, in bytes. */
  get allocated(): number {
    return this.#bytes.length;
  }

  /** false: that is more than was declared. */
  add(part: Uint8Array): boolean {
    const length = this.#length + part.length;
    if (length > this.size) return false;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(part, this.#length);
    this.#length = length;
    return true;
  }

  #grow(least: number): void {
    const before = this.#bytes;
    this.#bytes = new Uint8Array(Math.min(this.size, Math.max(least, growth * before.length)));
    this.#bytes.set(before);
  }
}
