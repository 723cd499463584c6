import { BusError } from '../../errors/bus-error.js';
import type { Way } from './stage.js';
import type { Trial } from './trial.js';

/** What came of one message: everything that it gave, in order, and how that ended. */
export interface Answer {
  readonly items: readonly unknown[];
  /** `open`: neither an end nor a fault came in time, and the message was cancelled. */
  readonly end: 'done' | 'open' | BusError;
}

/** Sends a message whose answer may be a value or a stream, and reads at most so many items of it for so long. */
export function answerTo(
  trial: Trial,
  way: Way,
  type: string,
  payload: unknown,
  ms: number,
  enough = 20,
): Promise<Answer> {
  return new Promise((resolve) => {
    const items: unknown[] = [];
    const end = (end: Answer['end']) => {
      cancel();
      resolve({ items, end });
      // The subscription may end while it begins.
      trial.clock.atTurnEnd(() => subscription.unsubscribe());
    };
    const cancel = trial.clock.after(ms, () => end('open'));
    const subscription = way.stream(type, payload, { timeoutMs: 10 * ms }).subscribe({
      next: (item) => {
        if (items.push(item) >= enough) end('done');
      },
      error: (thrown) => end(BusError.is(thrown) ? thrown : new BusError('handler-failed', String(thrown))),
      complete: () => end('done'),
    });
  });
}
