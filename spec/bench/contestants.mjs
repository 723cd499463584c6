import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * One end of a connection, hub or client, as a contestant gives it.
 * @typedef {object} Side
 * @property {(payload: Uint8Array) => Promise<void> | undefined} publish Sends one message and never loses it: a promise
 *   means that there is no room now, and that the next one has to wait for it.
 * @property {((payload: Uint8Array) => Promise<Uint8Array>)=} request Sends one message and gives the reply; a client's.
 * @property {(receive: (payload: Uint8Array) => void) => void} receive Where the messages of the other side go.
 * @property {() => Promise<void> | void} close
 *
 * A hub's module exports `open(): Promise<{ address: string, side: Promise<Side> }>`, where `side` is there once the
 * client is, and its request handler replies with the payload that it got. A client's module exports
 * `open(address: string): Promise<Side>`.
 *
 * @typedef {object} Contestant
 * @property {string} name
 * @property {URL} hub
 * @property {URL} client
 * @property {string=} missing why it cannot run
 */

const contestant = (/** @type {string} */ name) => ({
  name,
  hub: new URL(`./${name}/hub.mjs`, import.meta.url),
  client: new URL(`./${name}/client.mjs`, import.meta.url),
});

const built = existsSync(fileURLToPath(new URL('../../build/lib/index.js', import.meta.url)));

/** @type {Contestant[]} */
export const contestants = [
  { ...contestant('drumline'), ...(built ? {} : { missing: 'it is not built' }) },
  contestant('floor'),
  contestant('plain'),
];
