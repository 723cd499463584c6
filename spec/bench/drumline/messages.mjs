import { defineMessage } from 'drumline';

export const Data = defineMessage('bench.data');
export const Echo = defineMessage('bench.echo');

/**
 * A side on a hub or a worker. A `publish` that finds no room is sent again once there is some.
 * @param {(payload: Uint8Array) => { dropped: number }} publish
 * @param {() => Promise<void>} writable
 */
export function sideOf(publish, writable) {
  let listener = (/** @type {Uint8Array} */ _payload) => {};
  const again = async (payload) => {
    do await writable();
    while (publish(payload).dropped > 0);
  };
  return {
    hear: (/** @type {{ payload: Uint8Array }} */ message) => listener(message.payload),
    publish: (/** @type {Uint8Array} */ payload) =>
      publish(payload).dropped > 0 ? again(payload) : undefined,
    receive(/** @type {(payload: Uint8Array) => void} */ next) {
      listener = next;
    },
  };
}
