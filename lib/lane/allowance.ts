import type { Received, Totals } from '../frame/frame.js';

const bytesKeptIdle = 4096;
const nothing: Totals = { messages: 0, bytes: 0 };

/** The credit of one session: what the peer allows in all, and what of it is sent. */
export class Allowance {
  #limit = nothing;
  #messages = 0;
  #bytes = 0;

  /** What is left; in debt by a part of a message, there is none. */
  get held(): Totals {
    const { messages, bytes } = this.#limit;
    return { messages: Math.max(0, messages - this.#messages), bytes: Math.max(0, bytes - this.#bytes) };
  }

  /** A message may be begun on the last byte, */
  get forMessage(): boolean {
    return this.#messages < this.#limit.messages && this.forBytes;
  }

  /** and a part sent. */
  get forBytes(): boolean {
    return this.#bytes < this.#limit.bytes;
  }

  /** What is lower than before is ignored. */
  raise({ messages, bytes }: Totals): void {
    const now = this.#limit;
    this.#limit = { messages: Math.max(messages, now.messages), bytes: Math.max(bytes, now.bytes) };
  }

  spend(messages: number, bytes: number): void {
    this.#messages += messages;
    this.#bytes += bytes;
  }

  /** Gives up all but one message and some bytes. undefined: there is no more than that. */
  giveBack(): { held: Totals; kept: Totals } | undefined {
    const held = this.#limit;
    const kept = {
      messages: Math.min(held.messages, this.#messages + 1),
      bytes: Math.min(held.bytes, this.#bytes + bytesKeptIdle),
    };
    if (kept.messages === held.messages) return undefined;
    this.#limit = kept;
    return { held, kept };
  }

  /** A link begins: what the peer has received, and the limit that it states. */
  restate({ messages, bytes }: Omit<Received, 'seq'>, limit: Totals): void {
    this.#messages = messages;
    this.#bytes = bytes;
    this.#limit = limit;
  }

  clear(): void {
    this.restate(nothing, nothing);
  }
}
