// What every contestant carries: payloads with a running number, made once and never changed, so that a sender may
// keep them in its queues without a copy, and a receiver can tell loss, repetition, disorder and damage.

const ring = 4096;

/**
 * The payloads of one size; number n has payload n modulo 4,096.
 * @param {number} size in bytes, at least 8
 * @returns {Uint8Array[]}
 */
export function payloadsOf(size) {
  return Array.from({ length: ring }, (_, n) => {
    const payload = Buffer.alloc(size, (n * 31 + 7) & 255);
    payload.writeUInt32LE(n, 0);
    return payload;
  });
}

/** Whether `payload` is the one with the number n. Number, length and end each time, every byte each 64th time. */
export function isPayload(
  /** @type {Uint8Array[]} */ payloads,
  /** @type {Uint8Array} */ payload,
  /** @type {number} */ n,
) {
  const expected = payloads[n % ring];
  const size = expected.length;
  if (payload.length !== size || payload[size - 1] !== expected[size - 1]) return false;
  if (payload[0] !== expected[0] || payload[1] !== expected[1]) return false;
  return n % 64 !== 0 || Buffer.compare(payload, expected) === 0;
}
