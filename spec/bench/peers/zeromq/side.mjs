// ROUTER and DEALER with msgpack, as Locust's master and workers talk. A socket takes one send at a time, so what is
// sent stands in a queue; it waits at the high-water mark of ZeroMQ.
import { Packr } from 'msgpackr';
import { talk } from '../talk.mjs';

const mostQueued = 1024;
const packr = new Packr({ useRecords: false });

/**
 * @param {(packed: Buffer) => Promise<void>} send
 * @param {AsyncIterable<Buffer[]>} incoming the last part of each is a message
 * @returns {import('../../contestants.mjs').Side}
 */
export function sideOf(send, incoming, close) {
  /** @type {Buffer[]} */
  let queue = [];
  let sending = false;
  /** @type {Promise<void> | undefined} */
  let room;
  let admit = () => {};

  const drain = async () => {
    sending = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      admit();
      room = undefined;
      for (const packed of batch) await send(packed);
    }
    sending = false;
  };
  const { side, hear } = talk((kind, number, payload) => {
    queue.push(packr.pack([kind, number, payload]));
    if (!sending) drain().catch(() => {});
    if (queue.length < mostQueued) return undefined;
    room ??= new Promise((resolve) => {
      admit = resolve;
    });
    return room;
  }, close);

  (async () => {
    for await (const parts of incoming) {
      const [kind, number, payload] = packr.unpack(parts[parts.length - 1]);
      hear(kind, number, payload);
    }
  })().catch(() => {});
  return side;
}
