// ROUTER and DEALER with msgpack, as Locust's master and workers talk. A socket takes one send at a time, so what is
// sent stands in a queue.
import { Packr } from 'msgpackr';
import { kinds, talk } from '../talk.mjs';
import { Window } from '../window.mjs';

/** What the other side has had, for the window. */
const had = 5;
const packr = new Packr({ useRecords: false });
const nothing = new Uint8Array(0);

/**
 * No high-water marks: a send that waits at one is now and then never woken while the same socket waits to receive
 * (zeromq.js 6.8), so it is the window that bounds what is under way. What waits when a socket closes is dropped.
 */
export const options = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 };

/**
 * @param {(packed: Buffer) => Promise<void>} send
 * @param {AsyncIterable<Buffer[]>} incoming the last part of each is a message
 * @param {() => void} end closes the socket
 * @returns {import('../../contestants.mjs').Side}
 */
export function sideOf(send, incoming, end) {
  /** @type {Buffer[]} */
  let queue = [];
  let sending = false;
  let closed = false;
  const fail = (/** @type {Error} */ error) => {
    if (!closed) throw error;
  };

  const drain = async () => {
    sending = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      for (const packed of batch) await send(packed);
    }
    sending = false;
  };
  const write = (
    /** @type {number} */ kind,
    /** @type {number} */ number,
    /** @type {Uint8Array} */ payload,
  ) => {
    queue.push(packr.pack([kind, number, payload]));
    if (!sending) drain().catch(fail);
  };
  const window = new Window((count) => write(had, count, nothing));
  const { side, hear } = talk(
    (kind, number, payload) => {
      write(kind, number, payload);
      return kind === kinds.data ? window.sent() : undefined;
    },
    () => {
      closed = true;
      end();
    },
  );

  (async () => {
    for await (const parts of incoming) {
      const [kind, number, payload] = packr.unpack(parts[parts.length - 1]);
      if (kind === had) {
        window.told(number);
        continue;
      }
      hear(kind, number, payload);
      if (kind === kinds.data) window.received();
    }
  })().catch(fail);
  return side;
}
