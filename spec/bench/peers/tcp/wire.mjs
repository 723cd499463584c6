// Raw TCP: a length before each frame, all frames of a turn in one write.
import { headBytes } from '../framed.mjs';
import { talk } from '../talk.mjs';
import { lengthBytes, split } from './split.mjs';

const chunkBytes = 64 * 1024;

/** @returns {import('../../contestants.mjs').Side} */
export function sideOf(/** @type {import('node:net').Socket} */ socket, close = () => {}) {
  let chunk = Buffer.allocUnsafe(chunkBytes);
  let begin = 0;
  let end = 0;
  let flushing = false;
  /** @type {Promise<void> | undefined} */
  let drained;

  const flush = () => {
    if (end === begin || socket.destroyed) return;
    const room = socket.write(chunk.subarray(begin, end));
    begin = end;
    if (room) return;
    drained ??= new Promise((resolve) => {
      socket.once('drain', () => {
        drained = undefined;
        resolve();
      });
    });
  };
  const flushSoon = () => {
    if (flushing) return;
    flushing = true;
    queueMicrotask(() => {
      flushing = false;
      flush();
    });
  };
  const reserve = (/** @type {number} */ bytes) => {
    if (end + bytes <= chunk.length) return;
    flush();
    chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes));
    begin = end = 0;
  };

  const { side, hear } = talk((kind, number, payload) => {
    const bytes = headBytes + payload.length;
    reserve(lengthBytes + bytes);
    chunk.writeUInt32LE(bytes, end);
    chunk[end + lengthBytes] = kind;
    chunk.writeUInt32LE(number, end + lengthBytes + 1);
    chunk.set(payload, end + lengthBytes + headBytes);
    end += lengthBytes + bytes;
    flushSoon();
    return drained;
  }, close);

  socket.on(
    'data',
    split((from, begin, end) =>
      hear(from[begin], from.readUInt32LE(begin + 1), from.subarray(begin + headBytes, end)),
    ),
  );
  socket.on('error', () => {});
  socket.setNoDelay(true);
  return side;
}
