import type { Codec } from '../../lib/handler/codec.js';

/** JSON back to front, with bytes as values, in one buffer for all that it encodes. */
export class Mirror implements Codec {
  readonly name = 'mirror';
  readonly #buffer = Buffer.alloc(4096);

  encode(value: unknown): Uint8Array {
    const text = JSON.stringify(value, (_, part) =>
      part instanceof Uint8Array ? { bytes: [...part] } : part,
    );
    return this.#buffer.subarray(0, this.#buffer.write(text)).reverse();
  }

  decode(bytes: Uint8Array): unknown {
    const text = Buffer.from(bytes).reverse().toString();
    return JSON.parse(text, (_, part) => (part?.bytes ? new Uint8Array(part.bytes) : part));
  }
}
