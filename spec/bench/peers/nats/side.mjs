// Subjects with callbacks, which nats.js advises where speed matters; requests through its shared inbox.
import { Window } from '../window.mjs';

const requestMs = { timeout: 30_000 };

/**
 * @param {string} own the subjects of this side
 * @param {string} other those of the other one
 * @returns {import('../../contestants.mjs').Side}
 */
export function sideOf(connection, own, other, close) {
  let receive = (/** @type {Uint8Array} */ _payload) => {};
  const window = new Window((had) => connection.publish(`${other}.had`, String(had)));
  const hear = (/** @type {string} */ name, act) =>
    connection.subscribe(`${own}.${name}`, { callback: (error, message) => !error && act(message) });
  hear('had', (message) => window.told(Number(message.string())));
  hear('data', (message) => {
    receive(message.data);
    window.received();
  });
  hear('send', (message) => {
    receive(message.data);
    message.respond();
  });
  hear('echo', (message) => message.respond(message.data));
  const ask = (/** @type {string} */ name) => async (/** @type {Uint8Array} */ payload) =>
    (await connection.request(`${other}.${name}`, payload, requestMs)).data;
  return {
    publish(payload) {
      connection.publish(`${other}.data`, payload);
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
