/**
 * @typedef {object} Case
 * @property {string} name
 * @property {'publish' | 'request'} kind
 * @property {'hub' | 'client'} sender
 * @property {number} inFlight requests that wait at the same time; 1 for publish
 */

/** @type {Case[]} */
export const cases = [
  { name: 'one-way worker to hub', kind: 'publish', sender: 'client', inFlight: 1 },
  { name: 'one-way hub to worker', kind: 'publish', sender: 'hub', inFlight: 1 },
  { name: 'request, 1 in flight', kind: 'request', sender: 'client', inFlight: 1 },
  { name: 'request, 128 in flight', kind: 'request', sender: 'client', inFlight: 128 },
];

export const sizes = [32, 256, 1024];
