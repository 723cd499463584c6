import type { Stats } from 'drumline';
import { figure } from './text.js';

type Delivery = Stats['delivery'];

/** Where an accepted message is, or how it ended. */
const ofAccepted = ['handled', 'faulted', 'expired', 'cancelled', 'queued', 'running', 'lost'] as const;

/** The same for one that was offered to an outbox. */
const ofOffered = [
  'refused',
  'dropped',
  'published',
  'queued',
  'waiting',
  'done',
  'faulted',
  'expired',
  'cancelled',
  'lost',
  'undelivered',
] as const;

/** What one process says became of its messages. */
export interface Sum {
  readonly accepted: number;
  readonly offered: number;
  /** Whether both are what their parts add up to. */
  readonly closes: boolean;
  /** Both with their parts; those that are nothing are left out. */
  readonly text: string;
}

export const sumOf = ({ received, sent }: Pick<Delivery, 'received' | 'sent'>): Sum => {
  const accepted = side('accepted', received.accepted, ofAccepted, received);
  const offered = side('offered', sent.offered, ofOffered, sent);
  return {
    accepted: received.accepted,
    offered: sent.offered,
    closes: accepted.closes && offered.closes,
    text: `${accepted.text}; ${offered.text}`,
  };
};

/** All parts by their names. */
export const formulas = `accepted = ${ofAccepted.join(' + ')}; offered = ${ofOffered.join(' + ')}`;

function side<P extends string>(
  name: string,
  whole: number,
  parts: readonly P[],
  counts: Readonly<Record<P, number>>,
) {
  const total = parts.reduce((sum, part) => sum + counts[part], 0);
  const told = parts.filter((part) => counts[part] !== 0).map((part) => `${figure(counts[part])} ${part}`);
  const off = total === whole ? '' : ` (that is ${figure(total)})`;
  return {
    closes: total === whole,
    text: `${figure(whole)} ${name} = ${told.join(' + ') || '0'}${off}`,
  };
}
