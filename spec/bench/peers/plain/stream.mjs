// What one writes first with grpc-js: one stream, one gRPC message for each message, waiting for `drain`.
import { framed, unframe } from '../framed.mjs';
import { talk } from '../talk.mjs';

export const path = '/bench.Plain/Attach';
export const bytes = (/** @type {Buffer} */ value) => value;

/** @returns {import('../../contestants.mjs').Side} */
export function sideOf(/** @type {import('node:stream').Duplex} */ call, close = () => {}) {
  /** @type {Promise<void> | undefined} */
  let drained;
  const untilDrained = () => {
    drained ??= new Promise((resolve) => {
      call.once('drain', () => {
        drained = undefined;
        resolve();
      });
    });
    return drained;
  };
  const { side, hear } = talk(
    (kind, number, payload) => (call.write(framed(kind, number, payload)) ? undefined : untilDrained()),
    close,
  );
  call.on('data', (frame) => unframe(frame, hear));
  call.on('error', () => {});
  return side;
}
