import { BusError } from 'drumline';
import type { Ending } from './report.js';
import { sleep, textOf } from './text.js';

export interface Endings {
  readonly endings: readonly Ending[];
  /** When the last had ended, in milliseconds since 1970: a time that processes of one machine share. */
  readonly at: number;
}

/** A second ending of the same call would have come by then. */
const afterwardsMs = 200;

/** How calls end: one entry for each time that one is settled. Resolves a moment after the last has ended. */
export async function endingsOf(calls: readonly Promise<unknown>[]): Promise<Endings> {
  const endings: Ending[] = [];
  await Promise.all(
    calls.map((call) =>
      call.then(
        () => endings.push({ code: 'answered', retryable: false, delivery: 'done' }),
        (thrown: unknown) => endings.push(endingOf(thrown)),
      ),
    ),
  );
  const at = Date.now();
  await sleep(afterwardsMs);
  return { endings, at };
}

const endingOf = (thrown: unknown): Ending =>
  BusError.is(thrown)
    ? { code: thrown.code, retryable: thrown.retryable, delivery: String(thrown.details.delivery) }
    : { code: textOf(thrown), retryable: false, delivery: 'none' };

/** Whether all of them are what the caller of a peer that died must get: retryable, and honest about delivery. */
export const lostWithPeer = (endings: readonly Ending[]): boolean =>
  endings.every(
    ({ code, retryable, delivery }) => code === 'peer-lost' && retryable && delivery === 'unknown',
  );

/** Each different ending once, in words. */
export const inWords = (endings: readonly Ending[]): string =>
  [
    ...new Set(
      endings.map(
        ({ code, retryable, delivery }) =>
          `${code}${retryable ? ', retryable' : ''}${delivery === 'done' ? '' : `, delivery ${delivery}`}`,
      ),
    ),
  ].join('; ');
