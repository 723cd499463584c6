export const lengthBytes = 4;

/** What takes the bytes of a stream and gives each frame that has come whole: `(from, begin, end)`. */
export function split(/** @type {(from: Buffer, begin: number, end: number) => void} */ frame) {
  let rest = Buffer.alloc(0);
  return (/** @type {Buffer} */ data) => {
    const from = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let at = 0;
    while (from.length - at >= lengthBytes) {
      const end = at + lengthBytes + from.readUInt32LE(at);
      if (end > from.length) break;
      frame(from, at + lengthBytes, end);
      at = end;
    }
    rest = from.subarray(at);
  };
}
