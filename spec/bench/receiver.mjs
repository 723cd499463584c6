import { now } from './commands.mjs';
import { isPayload } from './payloads.mjs';
import { watch } from './stall.mjs';

/** Counts and checks what arrives: each message once, in order, with its own bytes. */
export class Receiver {
  /** @type {Uint8Array[]} */
  payloads = [];
  #got = 0;
  #count = 0;
  /** @type {string | undefined} */
  #problem;
  #done = () => {};

  /** Resolves once `count` messages have come since now, or no more do: when the last came, and what was wrong. */
  expect(/** @type {number} */ count) {
    this.#got = 0;
    this.#count = count;
    this.#problem = undefined;
    return new Promise((resolve) => {
      const stop = watch(
        () => this.#got,
        () => resolve({ problem: this.#problem ?? `${this.#got} of ${this.#count} messages arrived` }),
      );
      this.#done = () => {
        stop();
        resolve({ at: now(), problem: this.#problem });
      };
    });
  }

  take(/** @type {Uint8Array} */ payload) {
    if (!isPayload(this.payloads, payload, this.#got))
      this.#problem ??= `message ${this.#got} is not what was sent`;
    this.#got++;
    if (this.#got === this.#count) this.#done();
  }

  /** For a load that ends by the clock: how many were sent, told afterwards. */
  total(/** @type {number} */ count) {
    this.#count = count;
    if (this.#got >= count) this.#done();
  }

  get extra() {
    return this.#got - this.#count;
  }
}
