import { defineMessage, type StreamOf } from 'drumline';

/** Waits, on whichever side it arrives, and says how long by its own clock. */
export const Wait = defineMessage<{ ms: number }, { ms: number; pid: number }>('fleet.wait');

/** One of a burst, by its number. */
export const Count = defineMessage<{ n: number }>('fleet.count');

/** Who is there? `hub` is the process that asks. */
export const Who = defineMessage<{ hub: number }, { id: string; pid: number }>('fleet.who');

/** The numbers from 0 up, one by one. */
export const Numbers = defineMessage<{ count: number }, StreamOf<number>>('fleet.numbers');

/** Computes for so long without a pause, and says how long by its own clock. */
export const Render = defineMessage<{ ms: number }, { ms: number; pid: number }>('render.frame');

/** Ends the worker's process on the spot. */
export const Die = defineMessage('fleet.die');
