// Events with a Buffer each, over WebSocket alone, in the msgpack form that is advised for binary data; requests and
// acknowledged messages with acknowledgement callbacks.
import { Window } from '../window.mjs';

/** @returns {import('../../contestants.mjs').Side} */
export function sideOf(socket, close) {
  let receive = (/** @type {Uint8Array} */ _payload) => {};
  const window = new Window((had) => socket.emit('had', had));
  socket.on('had', (/** @type {number} */ had) => window.told(had));
  socket.on('data', (/** @type {Buffer} */ payload) => {
    receive(payload);
    window.received();
  });
  socket.on('send', (/** @type {Buffer} */ payload, taken) => {
    receive(payload);
    taken();
  });
  socket.on('echo', (/** @type {Buffer} */ payload, reply) => reply(payload));
  const ask = (/** @type {string} */ event) => (/** @type {Uint8Array} */ payload) =>
    new Promise((resolve) => socket.emit(event, payload, resolve));
  return {
    publish(payload) {
      socket.emit('data', payload);
      return window.sent();
    },
    request: ask('echo'),
    send: ask('send'),
    receive(listener) {
      receive = listener;
    },
    close,
  };
}
