import { connect, filter, from, map, merge, mergeMap, type Observable, type OperatorFunction } from 'rxjs';
import type { Chunk, ControlFrame, Frame, Message, Outcome } from '../frame/frame.js';

/** What becomes of each kind of frame; a chunk goes with what it completes. Each gets arrays, one or none per batch and never empty. */
export interface Branches<O> {
  readonly control: (frames$: Observable<readonly ControlFrame[]>) => Observable<O>;
  readonly outcomes: (frames$: Observable<readonly (Outcome | Chunk)[]>) => Observable<O>;
  readonly messages: (frames$: Observable<readonly (Message | Chunk)[]>) => Observable<O>;
}

type Part =
  | { readonly of: 'control'; readonly frames: readonly ControlFrame[] }
  | { readonly of: 'outcomes'; readonly frames: readonly (Outcome | Chunk)[] }
  | { readonly of: 'messages'; readonly frames: readonly (Message | Chunk)[] };

const isMessage = (frame: Frame): frame is Message => frame.kind === 'message';

/** A batch in order of priority. `bye` alone stays behind the data: nothing follows it. */
function parts(batch: readonly Frame[]): Part[] {
  if (batch.every(isMessage)) return batch.length === 0 ? [] : [{ of: 'messages', frames: batch }];
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
  const sorted: Part[] = [
    { of: 'control', frames: control },
    { of: 'outcomes', frames: outcomes },
    { of: 'messages', frames: messages },
    { of: 'control', frames: last },
  ];
  return sorted.filter((part) => part.frames.length > 0);
}

const only = <F extends Part['of']>(parts$: Observable<Part>, of: F) =>
  parts$.pipe(
    filter((part): part is Extract<Part, { of: F }> => part.of === of),
    map((part) => part.frames as Extract<Part, { of: F }>['frames']),
  );

/**
 * Splits each batch: its control frames first, wherever they stood, then its outcomes, then its messages; `bye` after
 * all of them. `connect` subscribes every branch before the source, so a source that emits at once loses nothing.
 */
export const split =
  <O>(branches: Branches<O>): OperatorFunction<readonly Frame[], O> =>
  (batches$) =>
    batches$.pipe(
      mergeMap((batch) => from(parts(batch))),
      connect((parts$) =>
        merge(
          branches.control(only(parts$, 'control')),
          branches.outcomes(only(parts$, 'outcomes')),
          branches.messages(only(parts$, 'messages')),
        ),
      ),
    );
