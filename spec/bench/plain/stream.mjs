// What one writes first with grpc-js: one stream, one gRPC message for each message, waiting for `drain`.
// A message is a byte for its kind, four for its number, and the payload.

const data = 0;
const request = 1;
const reply = 2;
const headBytes = 5;

export const path = '/bench.Plain/Attach';
export const bytes = (/** @type {Buffer} */ value) => value;

/** @returns {import('../contestants.mjs').Side} */
export function sideOf(/** @type {import('node:stream').Duplex} */ call, close = () => {}) {
  let receive = (/** @type {Uint8Array} */ _payload) => {};
  let drained;
  let lastRequest = 0;
  const waiting = new Map();

  /** Whether there is room for another. */
  const send = (kind, number, payload) => {
    const message = Buffer.allocUnsafe(headBytes + payload.length);
    message[0] = kind;
    message.writeUInt32LE(number, 1);
    message.set(payload, headBytes);
    return call.write(message);
  };

  call.on('data', (/** @type {Buffer} */ message) => {
    const number = message.readUInt32LE(1);
    const payload = message.subarray(headBytes);
    if (message[0] === data) receive(payload);
    else if (message[0] === request) send(reply, number, payload);
    else {
      waiting.get(number)(payload);
      waiting.delete(number);
    }
  });
  call.on('error', () => {});

  return {
    publish(payload) {
      if (send(data, 0, payload)) return undefined;
      drained ??= new Promise((resolve) => {
        call.once('drain', () => {
          drained = undefined;
          resolve();
        });
      });
      return drained;
    },
    request(payload) {
      const number = ++lastRequest;
      return new Promise((resolve) => {
        waiting.set(number, resolve);
        send(request, number, payload);
      });
    },
    receive(listener) {
      receive = listener;
    },
    close,
  };
}
