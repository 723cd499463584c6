import type { Stats } from '../../lib/plugin/stats.js';

type Delivery = Stats['delivery'];

/** What does not add up in the messages of a process, in words. */
export function wrongIn({ received, sent }: Delivery): string[] {
  const { accepted, queued, running, handled, faulted, expired, cancelled, lost } = received;
  const inside = queued + running + handled + faulted + expired + cancelled + lost;
  const out =
    sent.refused +
    sent.dropped +
    sent.published +
    sent.queued +
    sent.waiting +
    sent.done +
    sent.faulted +
    sent.expired +
    sent.cancelled +
    sent.lost +
    sent.undelivered;
  const wrong: string[] = [];
  if (accepted !== inside) wrong.push(`accepted ${accepted} messages, ${inside} are accounted for`);
  if (sent.offered !== out) wrong.push(`offered ${sent.offered} messages, ${out} are accounted for`);
  return wrong;
}

/** All that came in. */
export const arrivedIn = ({ received: { accepted, refused } }: Delivery): number =>
  accepted + Object.values(refused).reduce((sum, each) => sum + each, 0);

/** All that went out, in as far as that is known of the calls that ended. */
export const leftOf = ({ sent: { offered, refused, dropped, queued } }: Delivery): number =>
  offered - refused - dropped - queued;

/** Whether every number in it, however deep, can be a count of something. */
export function isSound(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  for (const name in value) if (!isSound(value[name as keyof typeof value])) return false;
  return true;
}

/** Every number in it, however deep. */
export function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** Those that no count of anything can be. */
export const unsoundIn = (value: unknown): number[] =>
  numbersIn(value).filter((each) => !(each >= 0 && Number.isFinite(each)));
