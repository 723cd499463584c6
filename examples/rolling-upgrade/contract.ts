import { defineMessage } from 'drumline';

/** For any worker: twice the number. */
export const Double = defineMessage<number, number>('double');

/** For any worker: a job with a number of its own, which must be handled once. */
export const Job = defineMessage<number>('job');

/** For the hub: half of the number. */
export const Halve = defineMessage<number, number>('halve');
