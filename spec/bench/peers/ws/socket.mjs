// Binary messages over `ws` with its native add-ons and without compression.
import { framed, unframe } from '../framed.mjs';
import { talk } from '../talk.mjs';

const mostBuffered = 1024 * 1024;

/** @returns {import('../../contestants.mjs').Side} */
export function sideOf(/** @type {import('ws').WebSocket} */ socket, close = () => {}) {
  socket.binaryType = 'nodebuffer';
  const { side, hear } = talk((kind, number, payload) => {
    const frame = framed(kind, number, payload);
    if (socket.bufferedAmount < mostBuffered) return void socket.send(frame);
    return new Promise((resolve) => socket.send(frame, () => resolve()));
  }, close);
  socket.on('message', (frame) => unframe(/** @type {Buffer} */ (frame), hear));
  socket.on('error', () => {});
  return side;
}
