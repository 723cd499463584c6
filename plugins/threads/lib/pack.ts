import { deserialize, serialize } from 'node:v8';

/** A value on its way from one thread to another; its bytes are in a buffer of their own, to be moved. */
export type Packed =
  | { readonly form: 'plain'; readonly value: unknown }
  | { readonly form: 'bytes' | 'buffer' | 'data'; readonly value: Uint8Array<ArrayBuffer> };

/**
 * Packs a value. Bytes are copied once, exactly those that are seen: the buffer behind them may hold other messages.
 * Anything else is cloned as `structuredClone` does, but for buffers that are seen through a view. Throws, for what
 * cannot be cloned.
 */
export const packed = (value: unknown): Packed => pack(value, (bytes) => new Uint8Array(bytes));

/** The same, but bytes that have their buffer to themselves are moved: the given array is empty afterwards. */
export const packedAway = (value: unknown): Packed => pack(value, taken);

function pack(value: unknown, bytesOf: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>): Packed {
  if (value instanceof Uint8Array)
    return { form: Buffer.isBuffer(value) ? 'buffer' : 'bytes', value: bytesOf(value) };
  const isPlain = value === null || (typeof value !== 'object' && typeof value !== 'function');
  if (isPlain && typeof value !== 'symbol') return { form: 'plain', value };
  return { form: 'data', value: serialize(value) as Uint8Array<ArrayBuffer> };
}

export function unpacked(packed: Packed): unknown {
  if (packed.form === 'plain') return packed.value;
  const { buffer, byteOffset, byteLength } = packed.value;
  if (packed.form === 'bytes') return packed.value;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return packed.form === 'buffer' ? bytes : deserialize(bytes);
}

/** What is moved instead of copied when it is sent. */
export const transferOf = (packed: Packed): ArrayBuffer[] =>
  packed.form === 'plain' ? [] : [packed.value.buffer];

function taken(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (isDetached(buffer))
    throw new TypeError('its bytes were moved already: give a copy (slice) of bytes that are to be kept');
  const isWhole = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength;
  if (!isWhole) return new Uint8Array(bytes);
  try {
    // Some buffers cannot be moved, such as the memory of WebAssembly; whether one can shows here alone.
    return new Uint8Array(structuredClone(buffer, { transfer: [buffer] }));
  } catch {
    return new Uint8Array(bytes);
  }
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
