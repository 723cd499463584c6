import { setTimeout as sleep } from 'node:timers/promises';
import type { Pair } from './pair.js';
import { seconds } from './row.js';

/** A handler that takes its time, and on which side it runs. */
export interface Case {
  readonly on: keyof Pair;
  readonly type: 'compute' | 'wait';
  readonly ms: number;
}

/** What became of it. Times are in milliseconds since 1970. */
export interface Course {
  readonly pair: Pair;
  readonly case: Case;
  readonly began: number;
  /** When the handler came to its end. */
  readonly ended: number | undefined;
  /** When the small message was handled. */
  readonly noted: number | undefined;
}

/** When a small message follows the one with the slow handler. */
export const noteAfterMs = 5_000;
/** For whoever was given up to be taken back. */
const restMs = 6_000;

/** Has one side send the message of that handler to the other, then a small one; waits until all is over. */
export async function slow(pair: Pair, one: Case): Promise<Course> {
  const { [one.on]: self } = pair;
  const other = one.on === 'hub' ? pair.worker : pair.hub;
  other.tell({ do: 'send', type: one.type, payload: one.ms });
  const { at: began } = await self.needs('began', 10_000);
  await sleep(began + noteAfterMs - Date.now());
  other.tell({ do: 'send', type: 'note', payload: 0 });
  const ended = await self.hears('ended', one.ms + 10_000);
  const noted = await self.hears('noted', 3_000);
  await sleep(restMs);
  return { pair, case: one, began, ended: ended?.at, noted: noted?.at };
}

/** What happened in the order of time, with what is told of every course. */
export function story(
  { case: one, began, ended, noted }: Course,
  happened: readonly (readonly [at: number, what: string])[],
): string[] {
  const at = (time: number) => seconds(time - began);
  const told = happened
    .filter(([time]) => time > began)
    .sort(([one], [other]) => one - other)
    .map(([time, what]) => `${at(time)}: ${what}`);
  const small = noted === undefined ? 'was never handled' : `was handled at ${at(noted)}`;
  return [
    ...told,
    ...(ended === undefined ? [`the handler, which takes ${seconds(one.ms)}, never ended`] : []),
    `a small message, sent at ${seconds(noteAfterMs)}, ${small}`,
  ];
}
