// Requests and acknowledgements for those peers that carry bare messages: a kind, a number and a payload each.

export const kinds = { data: 0, request: 1, reply: 2, send: 3, taken: 4 };
const nothing = new Uint8Array(0);

/**
 * Makes a side of whatever carries `(kind, number, payload)` and, if it has no room now, gives a promise of it.
 * @param {(kind: number, number: number, payload: Uint8Array) => Promise<void> | undefined} write
 * @param {() => Promise<void> | void} close
 * @returns {{ side: import('../contestants.mjs').Side, hear(kind: number, number: number, payload: Uint8Array): void }}
 */
export function talk(write, close) {
  let receive = (/** @type {Uint8Array} */ _payload) => {};
  let last = 0;
  /** @type {Map<number, (payload: Uint8Array) => void>} */
  const waiting = new Map();

  const ask = (/** @type {number} */ kind) => (/** @type {Uint8Array} */ payload) =>
    new Promise((resolve) => {
      last = (last + 1) >>> 0;
      waiting.set(last, resolve);
      write(kind, last, payload);
    });

  return {
    side: {
      publish: (payload) => write(kinds.data, 0, payload),
      request: ask(kinds.request),
      send: ask(kinds.send),
      receive(listener) {
        receive = listener;
      },
      close,
    },
    hear(kind, number, payload) {
      if (kind === kinds.data) receive(payload);
      else if (kind === kinds.request) write(kinds.reply, number, payload);
      else if (kind === kinds.send) {
        receive(payload);
        write(kinds.taken, number, nothing);
      } else {
        const resolve = waiting.get(number);
        waiting.delete(number);
        resolve?.(payload);
      }
    },
  };
}
