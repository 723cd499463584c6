import { Observable, type OperatorFunction } from 'rxjs';
import type { Chunk, ControlFrame, Frame, Message, Outcome } from '../frame/frame.js';

/** Where each kind of frame goes; a chunk goes with what it completes. */
export interface Branches {
  control(frame: ControlFrame): void;
  outcome(frame: Outcome | Chunk): void;
  /** One call per batch that has any. */
  messages(frames: readonly (Message | Chunk)[]): void;
}

const isMessage = (frame: Frame): frame is Message => frame.kind === 'message';

/**
 * Splits each batch: its control frames first, wherever they stood, then its outcomes, then its messages; `bye` after
 * all of them, since nothing follows it. What a branch throws is the error of the whole; whoever unsubscribes in the
 * middle of a batch gets no other kind of frame from it. One operator, since there is one for each session: made of
 * `connect`, `filter` and `merge` it took 9 KB more.
 */
export const split =
  (branches: Branches): OperatorFunction<readonly Frame[], never> =>
  (batches$) =>
    new Observable<never>((output) => {
      const next = (batch: readonly Frame[]) => {
        try {
          if (batch.length > 0 && batch.every(isMessage)) return branches.messages(batch);
          const { control, outcomes, messages, last } = parts(batch);
          for (const frame of control) branches.control(frame);
          if (!output.closed) for (const frame of outcomes) branches.outcome(frame);
          if (!output.closed && messages.length > 0) branches.messages(messages);
          if (!output.closed) for (const frame of last) branches.control(frame);
        } catch (thrown) {
          output.error(thrown);
        }
      };
      return batches$.subscribe({
        next,
        error: (thrown) => output.error(thrown),
        complete: () => output.complete(),
      });
    });

function parts(batch: readonly Frame[]) {
  const control: ControlFrame[] = [];
  const outcomes: (Outcome | Chunk)[] = [];
  const messages: (Message | Chunk)[] = [];
  const last: ControlFrame[] = [];
  for (const frame of batch) {
    if (frame.kind === 'message') messages.push(frame);
    else if (frame.kind === 'outcome') outcomes.push(frame);
    else if (frame.kind === 'chunk') (frame.outcome ? outcomes : messages).push(frame);
    else if (frame.kind === 'bye') last.push(frame);
    else control.push(frame);
  }
  return { control, outcomes, messages, last };
}
