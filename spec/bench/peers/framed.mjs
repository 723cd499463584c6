// One message in one frame of bytes: a byte for its kind, four for its number, and the payload.

export const headBytes = 5;

export function framed(
  /** @type {number} */ kind,
  /** @type {number} */ number,
  /** @type {Uint8Array} */ payload,
) {
  const frame = Buffer.allocUnsafe(headBytes + payload.length);
  frame[0] = kind;
  frame.writeUInt32LE(number, 1);
  frame.set(payload, headBytes);
  return frame;
}

/** @param {(kind: number, number: number, payload: Uint8Array) => void} hear */
export const unframe = (/** @type {Buffer} */ frame, hear) =>
  hear(frame[0], frame.readUInt32LE(1), frame.subarray(headBytes));
