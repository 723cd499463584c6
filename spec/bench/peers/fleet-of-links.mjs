// Many workers on one hub, for those peers that carry frames of bytes over connections.
import { framed, unframe } from './framed.mjs';
import { kinds } from './talk.mjs';

/**
 * @typedef {object} Link
 * @property {(frame: Buffer) => void} send The same frame may be sent over many links.
 * @property {(hear: (frame: Buffer) => void) => void} receive
 * @property {(act: () => void) => void} onClose
 * @property {() => void} close
 */

const beatMs = 1000;
const beat = 5;
const beatFrame = framed(beat, 0, new Uint8Array(0));

/** Beats until the link closes. */
function keepBeating(/** @type {Link} */ link) {
  const timer = setInterval(() => link.send(beatFrame), beatMs);
  link.onClose(() => clearInterval(timer));
}

/**
 * @param {(port: number, accept: (link: Link) => void) => Promise<{ address: string, close(): void }>} listen
 * @param {(address: string) => Promise<Link>} dial
 */
export function fleetOfLinks(listen, dial) {
  async function openHub({ port, beats }) {
    /** @type {Set<Link>} */
    const links = new Set();
    const waiting = new Map();
    let queue = [];
    let last = 0;
    const accept = (/** @type {Link} */ link) => {
      const heard = beats();
      const hear = (kind, number, payload) => {
        if (kind === beat) return heard();
        waiting.get(number)(payload);
        waiting.delete(number);
      };
      links.add(link);
      link.onClose(() => links.delete(link));
      link.receive((frame) => unframe(frame, hear));
      keepBeating(link);
    };
    const { address, close } = await listen(port, accept);
    return {
      address,
      joined: () => links.size,
      broadcast(payloads) {
        for (const payload of payloads) {
          const frame = framed(kinds.data, 0, payload);
          for (const link of links) link.send(frame);
        }
      },
      /** To whom it is the turn of. */
      work(payload) {
        if (queue.length === 0) queue = [...links];
        const number = ++last;
        queue.pop().send(framed(kinds.request, number, payload));
        return new Promise((resolve) => waiting.set(number, resolve));
      },
      close,
    };
  }

  async function openWorker(/** @type {string} */ address, _id, { receive }) {
    const link = await dial(address);
    link.receive((frame) =>
      unframe(frame, (kind, number, payload) => {
        if (kind === beat) return;
        receive(payload);
        if (kind === kinds.request) link.send(framed(kinds.reply, number, payload));
      }),
    );
    keepBeating(link);
    return link;
  }

  return { openHub, openWorker };
}
