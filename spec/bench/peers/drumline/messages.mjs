import { defineMessage, definePlugin } from 'drumline';

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

/**
 * A plugin that hears every beat that comes in, and judges nothing: the verdict is that of the fixed deadline.
 * @param {() => () => void} beats called for each link; what it gives is called for each beat
 */
export const listening = (beats) =>
  definePlugin({
    manifest: { name: 'bench-beats', version: '1.0.0', engines: { drumline: '*' } },
    contributes: {
      detector: ({ suspectAfterMs }) => {
        const heard = beats();
        return { heard: () => heard(), suspectAfterMs: () => suspectAfterMs };
      },
    },
  });

/** Options of a hub whose workers beat at that interval, with the default deadlines. */
export const beating = ({ beatMs, beats }) => ({
  ...(beatMs === undefined ? {} : { beat: { intervalMs: beatMs } }),
  ...(beats === undefined ? {} : { plugins: [listening(beats)] }),
});
