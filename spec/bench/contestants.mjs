import { existsSync } from 'node:fs';
import { missing as natsMissing } from './peers/nats/server.mjs';

/**
 * One end of a connection, hub or client, as a contestant gives it.
 * @typedef {object} Side
 * @property {((payload: Uint8Array) => Promise<void> | undefined)=} publish Sends one message and never loses it: a
 *   promise means that there is no room now, and that the next one has to wait for it.
 * @property {((payload: Uint8Array) => Promise<Uint8Array>)=} request Sends one message and gives the reply; a client's.
 * @property {((payload: Uint8Array) => Promise<unknown>)=} send Sends one message and resolves once the other side has
 *   taken it; a client's.
 * @property {(receive: (payload: Uint8Array) => unknown) => void} receive Where the messages of the other side go. What
 *   it returns may be a promise.
 * @property {() => Promise<void> | void} close
 *
 * A hub's module exports `open(options): Promise<{ address: string, side: Promise<Side> }>`, where `side` is there once
 * the client is, and its request handler replies with the payload that it got. A client's module exports
 * `open(address: string, options): Promise<Side>`. The options are
 * `beatMs` (default the contestant's own) and, for a hub, `beats`: called for each client, it gives what is to be called
 * at each beat; `pulse` for a client of `drumline`; `owned(pid)` for a hub that starts a process of its own.
 *
 * With a module `fleet.mjs` it takes part in the cases of many workers. It exports `openHub({ port, beats })` with
 * `address`, `joined()` (how many workers there are), `broadcast(payloads)` (to all, in this turn), `work(payload)` (to
 * any worker; gives the reply) and `close()`, and `openWorker(address, id, { receive, pulse })` with `close()`, which
 * replies to work with the same payload. `beats` as above; each side beats once a second.
 *
 * @typedef {object} Contestant
 * @property {string} name
 * @property {URL} hub
 * @property {URL} client
 * @property {URL} fleet
 * @property {Set<string>} can
 * @property {string | undefined} missing why it cannot run
 */

/**
 * `also` and `lacks` change what it is taken to be able to do. With `beat` its two sides beat, with `pulse` also from
 * a thread, with `large` it carries 4 MiB, with `waiting` it waits for slow handlers, with `reconnect` its workers come
 * back to a new hub, with `80 MB/s` it answers 5,000 requests of 16 KiB in each second.
 * @returns {Contestant}
 */
function contestant(/** @type {string} */ name, { also = [], lacks = [], missing = undefined } = {}) {
  const module = (/** @type {string} */ file) => new URL(`./peers/${name}/${file}.mjs`, import.meta.url);
  const fleet = module('fleet');
  const can = new Set([...(existsSync(fleet) ? ['broadcast', 'work', 'idle'] : []), ...usual, ...also]);
  for (const one of lacks) can.delete(one);
  return { name, hub: module('hub'), client: module('client'), fleet, can, missing };
}

const usual = ['publish to workers', 'acknowledge', '80 MB/s'];
const unbuilt = existsSync(new URL('../../build/lib/index.js', import.meta.url))
  ? undefined
  : 'it is not built';

/** @type {Contestant[]} */
export const contestants = [
  contestant('drumline', { also: ['beat', 'pulse', 'large', 'waiting', 'reconnect'], missing: unbuilt }),
  contestant('floor', { also: ['beat'], lacks: ['acknowledge'] }),
  contestant('plain'),
  contestant('tcp'),
  contestant('ws'),
  contestant('nats', { lacks: ['idle'], missing: natsMissing() }),
  contestant('zeromq'),
  contestant('socket.io'),
  contestant('moleculer'),
  contestant('nest', { lacks: ['publish to workers', '80 MB/s'] }),
];
