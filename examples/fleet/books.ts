import { Count, Wait } from './contract.js';

/** Where the hub's metrics should say what the processes counted. */
export const series = {
  alive: ['drumline_peers', { grade: 'alive' }],
  lost: ['drumline_lost_total', {}],
  garbled: ['drumline_refused_total', { code: 'protocol' }],
  'of another version': ['drumline_refused_total', { code: 'incompatible' }],
  handled: ['drumline_handled_total', { type: Wait.type, outcome: 'ok' }],
  'over the quota': ['drumline_handled_total', { type: Wait.type, outcome: 'overflow' }],
  rejected: ['drumline_calls_total', { verb: 'request', type: Wait.type, outcome: 'peer-lost' }],
  published: ['drumline_published_total', { type: Count.type, result: 'queued' }],
  sent: ['drumline_calls_total', { verb: 'send', type: Count.type, outcome: 'ok' }],
} as const;

export type Entry = keyof typeof series;

/** What the processes counted themselves in the life of one hub. */
export class Books {
  readonly #counts = new Map<Entry, number>();

  add(entry: Entry, count: number): void {
    this.#counts.set(entry, this.of(entry) + count);
  }

  of(entry: Entry): number {
    return this.#counts.get(entry) ?? 0;
  }

  /** A new hub has counted nothing yet. */
  clear(): void {
    this.#counts.clear();
  }
}
