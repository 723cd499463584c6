// What every contestant carries: payloads with a running number, made once and never changed, so that a sender may
// keep them in its queues without a copy, and a receiver can tell loss, repetition, disorder and damage.

const ring = 4096;
const fullyChecked = 64;

/** How many payloads of that size are made: large ones would fill memory. */
const countOf = (/** @type {number} */ size) => (size <= 65_536 ? ring : 4);

/**
 * The payloads of one size; number n has the payload n modulo their count.
 * @param {number} size in bytes, at least 8
 * @returns {Uint8Array[]}
 */
export function payloadsOf(size) {
  return Array.from({ length: countOf(size) }, (_, n) => {
    const payload = Buffer.alloc(size, (n * 31 + 7) & 255);
    payload.writeUInt32LE(n, 0);
    return payload;
  });
}

/**
 * Whether `payload` is the one with the number n. Number, length and end each time, every byte each 64th time, and of
 * large ones each time.
 */
export function isPayload(
  /** @type {Uint8Array[]} */ payloads,
  /** @type {Uint8Array} */ payload,
  /** @type {number} */ n,
) {
  const expected = payloads[n % payloads.length];
  const size = expected.length;
  if (payload.length !== size || payload[size - 1] !== expected[size - 1]) return false;
  if (payload[0] !== expected[0] || payload[1] !== expected[1]) return false;
  const partly = n % fullyChecked !== 0 && payloads.length === ring;
  return partly || Buffer.compare(payload, expected) === 0;
}

/** The number of a payload whose place is not known, or -1 for one that was never made. */
export function numberOf(/** @type {Uint8Array[]} */ payloads, /** @type {Uint8Array} */ payload) {
  const n = payload.length < 4 ? -1 : payload[0] | (payload[1] << 8);
  return payloads[n] !== undefined && Buffer.compare(payload, payloads[n]) === 0 ? n : -1;
}
